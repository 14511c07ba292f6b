const MARKS = /[^a-z0-9]+/g;

/** A title as a part of an address. */
exports.slug = (title) =>
  title.normalize("NFKD").toLowerCase().replace(MARKS, "-").replace(/^-|-$/g, "");
