module.exports = require("express");
