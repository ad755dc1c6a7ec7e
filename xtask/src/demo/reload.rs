//! A page that changes in front of a browser.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use loop_build::Environment;

use crate::browser::Browser;
use crate::demo::{App, SITE, Server, build, free_address, looped};
use crate::repo::{Repo, output};
use crate::setup;
use crate::steps::Outcome;

/// Opens a page in a browser, changes its file, and waits until the browser shows it, which nobody touches meanwhile.
pub(super) fn check(repo: &Repo, environment: &Environment) -> Result<Outcome> {
    let program = match setup::CHROMIUM.find(repo) {
        Ok(program) => program,
        // Not every system has it as a package.
        Err(error) => return Ok(Outcome::Skipped(format!("{error:#}"))),
    };
    let app = App::buildable();
    let built = build(repo, environment, app)?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    let folder = repo.target().join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy_site(repo, environment, app, &folder)?;
    let page = folder.join("docs/bees.md");
    fs::write(&page, "# Bees\n\nBees sleep.\n")?;
    let address = free_address(0)?;
    let mut command = looped(repo, environment);
    command.current_dir(&folder);
    let _server = Server::start(command, app, address)?;
    let url = format!("http://{address}/page/bees");
    let mut browser = Browser::open(&program, &folder.join("browser"), &url)?;
    browser.wait_for("Bees sleep.")?;
    println!("  the browser shows a page");
    let start = Instant::now();
    fs::write(&page, "# Bees\n\nBees fly.\n")?;
    browser.wait_for("Bees fly.")?;
    println!(
        "  and what became of it, after {} ms",
        start.elapsed().as_millis()
    );
    Ok(Outcome::Passed)
}

/// Makes a folder in which the site runs as it was built, over files of its own.
fn copy_site(repo: &Repo, environment: &Environment, app: &App, folder: &Path) -> Result<()> {
    let mut build = looped(repo, environment);
    let built = output(build.args(["build", "--quiet"]).args(app.components))?;
    let site = repo.path(SITE);
    let mut manifest = fs::read_to_string(site.join("loop.toml"))?;
    for component in built.lines() {
        // As it is seen from the site.
        let path = site.join(component);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let path = path.to_string_lossy();
        manifest = manifest.replace(&format!("\"components/{name}\""), &format!("{path:?}"));
    }
    for granted in ["docs", "html", "index"] {
        fs::create_dir_all(folder.join(granted))?;
    }
    fs::write(folder.join("loop.toml"), manifest)?;
    Ok(())
}
