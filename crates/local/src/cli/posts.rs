//! Command: `tidegate posts list|resend`

use clap::{Args, Subcommand};

use super::Remote;
use super::api::{Api, encoded};
use super::more::Listed;
use super::printed;

#[derive(Debug, Args)]
pub(super) struct PostsArgs {
    #[command(subcommand)]
    command: PostsCommand,
}

#[derive(Debug, Subcommand)]
enum PostsCommand {
    /// List posts and effects that were set aside, with the reason, oldest first.
    #[command(after_help = "Example: tidegate posts list --limit 1000 --json")]
    List {
        /// Only this workspace's or organisation's.
        #[arg(long)]
        tenant: Option<String>,
        /// The most posts to list.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Send one again. If its outcome is unknown, look into the channel first: it may be there.
    #[command(after_help = "Example: tidegate posts resend 0f0c8e0a-5b0e-5d4c-9b5e-0a1b2c3d4e5f")]
    Resend {
        /// The message id of the post.
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(args: PostsArgs) -> anyhow::Result<()> {
    match args.command {
        PostsCommand::List {
            tenant,
            limit,
            json,
            remote,
        } => {
            let query: Vec<_> = tenant
                .map(|tenant| ("tenant", tenant))
                .into_iter()
                .collect();
            let (api, limit) = (Api::new(&remote)?, usize::try_from(limit)?);
            let listed = Listed::read(&api, "/v1/operator/posts", &query, "posts", limit).await?;
            print_list(&listed, json);
        }
        PostsCommand::Resend { id, remote } => {
            let answer = Api::new(&remote)?
                .post(&format!("/v1/operator/posts/{}/resend", encoded(&id)), &[])
                .await?;
            anstream::println!("{}", printed::text(&answer["message"]));
        }
    }
    Ok(())
}

fn print_list(listed: &Listed, json: bool) {
    let posts = &listed.entries;
    if posts.is_empty() && !json {
        anstream::eprintln!("No posts are set aside.");
    }
    for post in posts {
        if json {
            anstream::println!("{post}");
            continue;
        }
        let text = |name: &str| printed::text(&post[name]);
        anstream::println!(
            "{}  {}  {}  {}  {}",
            text("message_id"),
            text("tenant"),
            text("lane"),
            text("purpose"),
            text("reason"),
        );
    }
    listed.print_rest("narrow with --tenant");
}
