//! What authors and attackers hand in, and what they get.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod entry_points;
#[cfg(test)]
mod handed_over;
#[cfg(test)]
mod hostile_manifests;
#[cfg(test)]
mod inference;
#[cfg(test)]
mod manifest_errors;
#[cfg(test)]
mod place;
#[cfg(test)]
mod whole_packages;
