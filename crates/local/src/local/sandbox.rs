//! The settings of incidents in the stand-in Slack, so that a person who tries them has services, owners and channels.

use tidegate_app::incidents::model::settings::{Service, Settings, StatusPage};

/// Alice, who may do everything with incidents.
const ALICE: &str = "U0ALICE0001";
/// Bob, who owns the API.
const BOB: &str = "U0BOB000001";
/// Carol, who owns payments.
const CAROL: &str = "U0CAROL0001";
/// Dave, who hears of every P1.
const DAVE: &str = "U0DAVE00001";

/// Fills in settings that say nothing yet; what the environment says stands.
pub(super) fn fill_in(settings: &mut Settings) {
    if settings.services.is_empty() {
        let of = |owner: &str, component: &str| Service {
            owners: vec![owner.into()],
            components: vec![component.to_owned()],
            ..Service::default()
        };
        settings.services = [
            ("api", of(BOB, "api")),
            ("payments", of(CAROL, "payments")),
            ("web", of(ALICE, "website")),
        ]
        .map(|(slug, service)| (slug.to_owned(), service))
        .into();
    }
    if settings.admins.is_empty() {
        settings.admins.insert(ALICE.into());
    }
    let routing = &mut settings.routing;
    if routing.p1_users.is_empty() {
        routing.p1_users.push(DAVE.into());
    }
    routing.general.get_or_insert_with(|| "C0GENERAL01".into());
    routing
        .engineering
        .get_or_insert_with(|| "C0ENGINEER1".into());
    if settings.status_page == StatusPage::None {
        settings.status_page = StatusPage::BuiltIn {
            title: "Acme status".to_owned(),
        };
    }
}
