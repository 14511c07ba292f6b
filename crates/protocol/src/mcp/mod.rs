//! The Model Context Protocol over newline-delimited JSON.
