//! The site: what its README says that each path shows.

use crate::copy::Example;
use crate::readme::blocks;
use crate::served::{Served, free_address};

#[test]
fn every_path_of_the_readme_is_served() {
    let example = Example::new("site");
    let readme = example.read("README.md");
    assert_eq!(blocks(&readme, "sh"), ["loop run site\n"]);
    let manifest = example.read("loop.toml");
    for quoted in blocks(&readme, "toml") {
        assert!(manifest.contains(&quoted), "{quoted}");
    }

    let address = free_address().to_string();
    assert!(readme.contains("<http://127.0.0.1:8080>"));
    example.write("loop.toml", &manifest.replace("127.0.0.1:8080", &address));
    example.build(&[]);
    let served = Served::start(&mut example.command(&["run", "site"])).unwrap();
    assert_eq!(served.address.to_string(), address);
    let paths: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `/")?.split_once('`'))
        .map(|(path, _)| path)
        .collect();
    let shows = [
        ("", "href=\"/page/glossary\""),
        ("page/glossary", "<article>"),
        ("search?q=grant", "<mark>"),
        ("status", "requests_total"),
        ("outside", "refused: "),
    ];
    assert_eq!(paths, shows.map(|(path, _)| path));
    for (path, shown) in shows {
        let answer = served.get(&format!("/{path}"));
        assert_eq!(answer.status, 200, "/{path}");
        assert!(answer.body.contains(shown), "/{path}: {}", answer.body);
    }
}
