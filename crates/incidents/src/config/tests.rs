//! Tests of the settings of incidents: what is read, and what every problem is called.

use tidegate_pipeline::config::Problems;

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<IncidentsConfig, Problems> {
    let env = |name: &str| {
        let found = pairs.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let environment = Environment::new(&env);
    let config = IncidentsConfig::read(&environment);
    environment.finish(config)
}

#[test]
fn nothing_set_is_the_defaults() {
    let config = read(&[]).unwrap();
    assert!(config.defaults == Settings::default());
    assert!(config.status_page_key.is_none());
}

#[test]
fn the_older_bots_names_are_read() {
    let config = read(&[
        ("SERVICES", "api, web,,db"),
        ("SERVICE_OWNERS", r#"{"api":["U1A","U2A"]}"#),
        ("NOTIFICATION_CHANNEL_GENERAL", "C1A"),
        ("NOTIFICATION_CHANNEL_ENGINEERING", "C2A"),
        ("P1_CHANNELS", "C3A,C4A"),
        ("P2_CHANNELS", "C5A"),
        ("EXEC_NOTIFICATION_USERS", "U3A"),
        ("INCIDENT_ADMINS", "U4A"),
        ("INCIDENT_POLICY", "strict"),
        ("STATUSPAGE_PAGE_ID", "kctbh9vrtdwd"),
        ("STATUSPAGE_API_KEY", "sesame"),
    ]);
    let config = config.unwrap();
    let settings = &config.defaults;
    assert_eq!(
        settings.services.keys().collect::<Vec<_>>(),
        ["api", "db", "web"]
    );
    assert_eq!(
        settings.services["api"].owners,
        ["U1A", "U2A"].map(UserId::from)
    );
    assert_eq!(settings.routing.general, Some("C1A".into()));
    assert_eq!(settings.routing.engineering, Some("C2A".into()));
    assert_eq!(
        settings.routing.p1_channels,
        ["C3A", "C4A"].map(ChannelId::from)
    );
    assert_eq!(settings.routing.p2_channels, ["C5A"].map(ChannelId::from));
    assert_eq!(settings.routing.p1_users, ["U3A"].map(UserId::from));
    assert!(settings.admins.contains(&"U4A".into()));
    assert_eq!(settings.policy, Policy::Strict);
    assert!(config.status_page_key.is_some());
    assert!(!format!("{config:?}").contains("sesame"));
}

#[test]
fn every_problem_is_told_under_the_settings_own_name() {
    let told = read(&[
        ("SERVICES", "The API,web"),
        ("SERVICE_OWNERS", r#"{"web":["bob"],"gone":[]}"#),
        ("NOTIFICATION_CHANNEL_GENERAL", "#general"),
        ("NOTIFICATION_CHANNEL_ENGINEERING", "eng"),
        ("P1_CHANNELS", "C1A,x"),
        ("P2_CHANNELS", "y"),
        ("P1_USERS", "@ann"),
        ("EXEC_NOTIFICATION_USERS", "U1A"),
        ("INCIDENT_ADMINS", "z"),
        ("INCIDENT_POLICY", "anarchy"),
        ("STATUSPAGE_API_KEY", "sesame"),
    ]);
    let problems = told.err().unwrap().0;
    for start in [
        "`SERVICES` has \"The API\"",
        "`SERVICE_OWNERS` names `gone`",
        "`SERVICE_OWNERS`: `services.web.owners[0]`: \"bob\"",
        "`NOTIFICATION_CHANNEL_GENERAL`: \"#general\" is no channel id",
        "`NOTIFICATION_CHANNEL_ENGINEERING`: ",
        "`P1_CHANNELS[1]`: ",
        "`P2_CHANNELS[0]`: ",
        "`P1_USERS[0]`: \"@ann\" is no user id",
        "`P1_USERS` and `EXEC_NOTIFICATION_USERS` are both set",
        "`INCIDENT_ADMINS[0]`: ",
        "`INCIDENT_POLICY` is `anarchy`",
        "`STATUSPAGE_API_KEY` is set but",
    ] {
        let times = problems.iter().filter(|p| p.starts_with(start)).count();
        assert_eq!(times, 1, "{start}: {problems:#?}");
    }
    assert_eq!(problems.len(), 12, "{problems:#?}");
    assert!(!problems.concat().contains("sesame"));
    let odd = read(&[("SERVICE_OWNERS", "api=U1A")]).err().unwrap();
    assert!(odd.0[0].starts_with("`SERVICE_OWNERS` does not fit"));
}

#[test]
fn ids_are_of_one_workspace() {
    for name in OF_ONE_WORKSPACE {
        let told = read(&[("SLACK_CLIENT_ID", "1.2"), (name, "C1A")])
            .err()
            .unwrap();
        let said = format!("`{name}` is of one workspace");
        assert!(told.0.iter().any(|p| p.starts_with(&said)), "{told}");
    }
    let shared = [
        ("SERVICES", "api"),
        ("INCIDENT_POLICY", "open"),
        ("SLACK_CLIENT_ID", "1.2"),
    ];
    assert!(read(&shared).is_ok());
}
