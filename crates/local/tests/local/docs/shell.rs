//! Runs the commands of one page: the built program as its user starts it, in a folder and on a port of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::page::{Commands, Page, is_as_shown, root};
use super::rule::{Rule, rule};
use super::walk::Sandbox;

const TIDEGATE: &str = env!("CARGO_BIN_EXE_tidegate");

/// What the pages write for the address and the data folder.
pub(super) const ADDRESS: &str = "127.0.0.1:3000";
const FOLDER: &str = ".tidegate";

/// Last line of the greeting.
const GREETED: &str = "Ctrl-C finishes";

/// What a page has started and set so far.
pub(crate) struct Shell {
    settings: BTreeMap<String, String>,
    server: Option<Server>,
    http: reqwest::Client,
}

struct Server {
    process: Child,
    folder: TempDir,
    address: String,
    greeting: String,
}

impl Shell {
    pub(crate) fn new(http: reqwest::Client) -> Self {
        Self {
            settings: BTreeMap::new(),
            server: None,
            http,
        }
    }

    /// Runs one page's commands. Answers what went wrong, a line each.
    pub(crate) async fn run(&mut self, page: &Page, known: &BTreeSet<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        for commands in page.commands() {
            match self.run_block(&commands, known).await {
                Ok(()) => {}
                Err(problem) => wrong.push(format!("{}: {problem}", page.name())),
            }
        }
        if let Some(server) = self.server.take() {
            wrong.extend(server.stop().err());
        }
        wrong
    }

    async fn run_block(
        &mut self,
        block: &Commands,
        known: &BTreeSet<String>,
    ) -> Result<(), String> {
        if block.in_sandbox {
            return self.act(block).await;
        }
        let mut printed = String::new();
        let commands = block.lines.iter().flat_map(|line| line.split(" && "));
        for command in commands {
            let problem = |why: String| format!("`{command}`: {why}");
            let rule = rule(command, known).map_err(problem)?;
            printed = self.obey(rule).await.map_err(problem)?;
        }
        let Some(shown) = &block.expected else {
            return Ok(());
        };
        if is_as_shown(shown, &printed) {
            return Ok(());
        }
        Err(format!(
            "{:?} printed\n{printed}\nand not\n{shown}",
            block.lines
        ))
    }

    async fn act(&mut self, block: &Commands) -> Result<(), String> {
        let http = self.http.clone();
        let server = self.served()?;
        let sandbox = Sandbox {
            address: &server.address,
            http: &http,
        };
        let expected = block.expected.as_deref().unwrap_or_default();
        sandbox.act(&block.lines, expected).await
    }

    async fn obey(&mut self, rule: Rule) -> Result<String, String> {
        match rule {
            Rule::Checked => Ok(String::new()),
            Rule::Validate => validate(),
            Rule::Export(name, value) => {
                // These two say which Tidegate is meant: here, the one that the test has started.
                let ours = ["TIDEGATE_URL", "TIDEGATE_OPERATOR_KEY", "TIDEGATE_DATA_DIR"];
                if !ours.contains(&name.as_str()) && !value.contains('$') {
                    self.settings.insert(name, value);
                }
                Ok(String::new())
            }
            Rule::Serve => {
                if let Some(server) = self.server.take() {
                    server.stop()?;
                }
                Ok(self.serve()?.greeting.clone())
            }
            Rule::Run(arguments) => {
                let server = self.served()?;
                let mut command = server.command();
                run(command.args(arguments)).map(|printed| server.as_written(&printed))
            }
            Rule::Curl(arguments) => {
                let http = self.http.clone();
                curl(&http, self.served()?, &arguments).await
            }
        }
    }

    fn served(&mut self) -> Result<&Server, String> {
        if self.server.is_none() {
            self.serve()?;
        }
        self.server.as_ref().ok_or_else(|| "no server".to_owned())
    }

    fn serve(&mut self) -> Result<&Server, String> {
        let server = Server::start(&self.settings)?;
        Ok(self.server.insert(server))
    }
}

impl Server {
    fn start(settings: &BTreeMap<String, String>) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|e| e.to_string())?;
        let mut command = Command::new(TIDEGATE);
        command
            .env_clear()
            .envs(settings)
            .args(["--port", "0", "--data-dir"]);
        command.arg(folder.path()).stdin(Stdio::null());
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut greeting = String::new();
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            greeting.push_str(&line);
            greeting.push('\n');
            if line.starts_with(GREETED) {
                break;
            }
        }
        let address = greeting
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let mut server = Self {
            process,
            folder,
            address: address.unwrap_or_default().to_owned(),
            greeting: String::new(),
        };
        if server.address.is_empty() {
            return Err("it does not say where it listens".to_owned());
        }
        server.greeting = server.as_written(&greeting);
        Ok(server)
    }

    /// The command line, told where this server is.
    fn command(&self) -> Command {
        let mut command = Command::new(TIDEGATE);
        command
            .env_clear()
            .env("TIDEGATE_URL", format!("http://{}", self.address))
            .env("TIDEGATE_DATA_DIR", self.folder.path())
            .current_dir(root());
        command
    }

    /// An output with the address and the folder as the pages have them.
    fn as_written(&self, printed: &str) -> String {
        let folder = self.folder.path().to_string_lossy();
        printed
            .replace(&self.address, ADDRESS)
            .replace(&*folder, FOLDER)
    }

    /// Ends it as Ctrl-C does.
    fn stop(mut self) -> Result<(), String> {
        let id = self.process.id().to_string();
        run(Command::new("kill").args(["-INT", &id]))?;
        let status = self.process.wait().map_err(|e| e.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("Ctrl-C ended it with {status}"))
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already, unless the test ends early.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!(
        "{}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    ))
}

/// Lints the templates where the tools for it may be installed.
fn validate() -> Result<String, String> {
    match std::env::var("TIDEGATE_DOCS_SAM").as_deref() {
        Ok("1") => run(Command::new("infra/deploy-test")
            .arg("--validate")
            .current_dir(root())),
        _ => Ok(String::new()),
    }
}

/// The few options of `curl` that the pages use.
async fn curl(
    http: &reqwest::Client,
    server: &Server,
    arguments: &[String],
) -> Result<String, String> {
    let (mut method, mut url, mut body) = (http::Method::GET, None, String::new());
    let mut headers = http::HeaderMap::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().cloned().unwrap_or_default();
        match argument.as_str() {
            "-X" => method = value().parse().map_err(|_| "no such method".to_owned())?,
            "-d" => body = value(),
            "-H" => {
                let header = value();
                let (name, value) = header.split_once(": ").ok_or("a header without a value")?;
                let name: http::HeaderName = name.parse().map_err(|_| "a bad header".to_owned())?;
                headers.insert(name, value.parse().map_err(|_| "a bad header".to_owned())?);
            }
            option if option.starts_with('-') => return Err(format!("no rule for `{option}`")),
            target => url = Some(target.replace("$TIDEGATE_URL", &format!("http://{ADDRESS}"))),
        }
    }
    let url = url.ok_or("no URL")?;
    if !url.contains(ADDRESS) {
        return Err(format!("`{url}` is not the server that the page starts"));
    }
    let request = http.request(method, url.replace(ADDRESS, &server.address));
    let answer = request
        .headers(headers)
        .body(body)
        .send()
        .await
        .map_err(|e| e.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|e| e.to_string())?;
    if status.is_success() {
        Ok(server.as_written(&text))
    } else {
        Err(format!("{status} {text}"))
    }
}
