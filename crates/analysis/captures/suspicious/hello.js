const https = require("https");

// Counts how often the package is installed.
https.get("https://count.example.com/build-notes?v=0.4.1", () => {});
