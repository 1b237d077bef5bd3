//! The page on which a person allows an app, written so that nothing from the URL is read as HTML.

use super::authorize::Asked;
use crate::fake::FakeSlack;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:34rem;margin:10vh auto;padding:0 1rem;color:#1d1c1d}\
    fieldset{border:1px solid #ddd;border-radius:8px;margin:1rem 0}label{display:block;padding:.25rem 0}\
    button{font:inherit;font-weight:600;padding:.5rem 1.5rem;border-radius:6px;border:1px solid #bbb;background:#fff}\
    button[value=allow]{background:#007a5a;border-color:#007a5a;color:#fff}";

/// The question, with Allow and Cancel.
pub(super) fn render(fake: &FakeSlack, asked: &Asked) -> String {
    let config = fake.config();
    let mut places = String::new();
    for workspace in config.all_workspaces() {
        let chosen = asked.team.as_deref() == Some(&workspace.team_id)
            || (asked.team.is_none() && workspace.team_id == config.team_id);
        places += &choice(&workspace.team_id, &workspace.name, chosen);
    }
    if !asked.sign_in {
        for id in config.enterprises() {
            let name = format!("{} (all its workspaces)", config.enterprise_name(&id));
            places += &choice(&id, &name, asked.team.as_deref() == Some(&id));
        }
    }
    let asked_of = |whose: &str, scopes: &[String]| -> String {
        let items = scopes
            .iter()
            .map(|scope| format!("<li>{whose}: <code>{}</code></li>", escaped(scope)));
        items.collect::<Vec<_>>().concat()
    };
    let scopes = asked_of("The app", &asked.bot_scopes) + &asked_of("You", &asked.user_scopes);
    document(
        "Allow this app?",
        &format!(
            "<p>Tidegate asks for:</p><ul>{scopes}</ul><form method=\"post\">\
             <fieldset><legend>Where</legend>{places}</fieldset>\
             <label>As user <input name=\"user\" value=\"U0ALICE0001\"></label>\
             <p><button name=\"decision\" value=\"deny\">Cancel</button> \
             <button name=\"decision\" value=\"allow\">Allow</button></p></form>"
        ),
    )
}

/// What Slack shows instead when the URL is not one it can go on with.
pub(super) fn render_error(code: &str) -> String {
    document(
        "Something went wrong",
        &format!(
            "<p>Slack cannot go on with this request: <code>{}</code>.</p>",
            escaped(code)
        ),
    )
}

fn choice(id: &str, name: &str, chosen: bool) -> String {
    let checked = if chosen { " checked" } else { "" };
    format!(
        "<label><input type=\"radio\" name=\"place\" value=\"{}\"{checked}> {}</label>",
        escaped(id),
        escaped(name)
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         <h1>{title}</h1>{body}</html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
