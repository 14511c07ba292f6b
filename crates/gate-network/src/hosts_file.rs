//! The table of hosts(5): what an operator says about names of this machine.

use std::net::IpAddr;

/// The addresses that `table` gives for `name`, in its order.
pub(crate) fn addresses(table: &str, name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in table.lines() {
        let mut words = line.split('#').next().unwrap_or(line).split_ascii_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        if words.any(|word| word.eq_ignore_ascii_case(name)) {
            found.push(address.to_canonical());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_addresses_of_its_lines_and_no_others() {
        let table = "127.0.0.1 localhost\n\
            10.0.0.1\tdb.example DB2.example # db3.example\n\
            # 10.0.0.2 db.example\n\
            ::ffff:10.0.0.3 db.example\n\
            fe80::1%lo0 db.example\n\
            word db.example\n\n";
        let of = |name| addresses(table, name).iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(of("db.example"), ["10.0.0.1", "10.0.0.3"]);
        assert_eq!(of("db2.example"), ["10.0.0.1"]);
        assert!(of("db3.example").is_empty() && of("example").is_empty() && of("").is_empty());
    }
}
