//! How the tokens of an install are stored while the table fails.

use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::install_world::InstallWorld;

/// A second install tells the admins, so storing it twice would tell them twice.
#[tokio::test(start_paused = true)]
async fn an_install_is_stored_once_although_the_answers_to_its_writes_are_lost() {
    let world = InstallWorld::new(5).await;
    world.install().await;
    let before = world.grant().await.generation;
    for lost in [
        &["transact", " put ", "install/bot"][..],
        &["write put", "tenants"],
    ] {
        world.engine.next(1, lost, Mishap::AnswerLost);
    }
    world.install().await;
    assert_eq!(world.grant().await.generation, before + 1);
}
