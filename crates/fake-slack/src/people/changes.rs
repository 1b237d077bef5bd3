//! What people do with channels: join, archive, bring back, rename, delete.

use super::items::Done;
use crate::channel_events;
use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;

impl FakeSlack {
    /// Enters a channel, invited by somebody or by themselves: `member_joined_channel`.
    pub async fn join_as_user(
        &self,
        user: &str,
        channel: &str,
        inviter: Option<&str>,
    ) -> DeliveryReport {
        let done = self.join(user, channel, inviter);
        self.tell(done).await
    }

    fn join(&self, user: &str, channel: &str, inviter: Option<&str>) -> Done {
        let now = self.now();
        let mut world = self.world();
        let id = world.channel_id(channel);
        let room = world.room(&id, now).ok_or("channel_not_found")?;
        if room.channel.is_archived {
            return Err("is_archived");
        }
        if room.channel.is_private && inviter.is_none_or(|inviter| !room.has_member(inviter)) {
            return Err("channel_not_found");
        }
        if !world.meet_user(user) {
            return Err("user_not_found");
        }
        let mut members = world.members(&id);
        if !members.insert(user.to_owned()) {
            return Err("already_in_channel");
        }
        world.set_members(&id, members);
        let team = world.team_of_user(user);
        let room = world.room(&id, now).ok_or("channel_not_found")?;
        let event = channel_events::joined(room, user, &team, inviter);
        Ok((id, Some(event)))
    }

    /// Archives a channel, so that posting in it is refused: `channel_archive`.
    pub async fn archive_as_user(&self, user: &str, channel: &str) -> DeliveryReport {
        let done = self.in_room(channel, |room| {
            room.channel.is_archived = true;
            Ok(Some(channel_events::changed("archive", room, user)))
        });
        self.tell(done).await
    }

    /// Brings an archived channel back: `channel_unarchive`.
    pub async fn unarchive_as_user(&self, user: &str, channel: &str) -> DeliveryReport {
        let done = self.unarchive(user, channel);
        self.tell(done).await
    }

    fn unarchive(&self, user: &str, channel: &str) -> Done {
        let mut world = self.world();
        let id = world.channel_id(channel);
        let room = world.rooms.get_mut(&id).ok_or("channel_not_found")?;
        if !room.channel.is_archived {
            return Err("not_archived");
        }
        room.channel.is_archived = false;
        let event = channel_events::changed("unarchive", room, user);
        world.revision += 1;
        Ok((id, Some(event)))
    }

    /// Renames a channel: `channel_rename`.
    pub async fn rename_as_user(&self, channel: &str, name: &str) -> DeliveryReport {
        let team = self.config().team_id.clone();
        if self.world().has_channel_named(&team, name) {
            return DeliveryReport::refused("name_taken");
        }
        let done = self.in_room(channel, |room| {
            name.clone_into(&mut room.channel.name);
            Ok(Some(channel_events::renamed(room)))
        });
        self.tell(done).await
    }

    /// Deletes a channel with all that is in it, for good: `channel_deleted`.
    pub async fn delete_channel_as_user(&self, user: &str, channel: &str) -> DeliveryReport {
        let id = self.world().channel_id(channel);
        let event = {
            let world = self.world();
            let room = world.rooms.get(&id);
            room.map(|room| channel_events::changed("deleted", room, user))
        };
        let Some(event) = event else {
            return DeliveryReport::refused("channel_not_found");
        };
        // The addressee is known only while the channel is there.
        let (to, is_told) = (self.addressee(&id, None), self.is_told(&id, &event));
        {
            let mut world = self.world();
            world.rooms.remove(&id);
            world.deleted.insert(id);
            world.revision += 1;
        }
        if is_told {
            self.send_event_to(&to, event).await
        } else {
            DeliveryReport::nothing_to_tell()
        }
    }
}
