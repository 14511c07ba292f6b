use super::*;
use crate::queue::{MAX_QUEUED_BYTES, MAX_QUEUED_EVENTS};
use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Admitted, Available, Consent, Consented, Policy, admit, decide,
};
use ringfence_types::Digest;
use serde_json::json;

const NOW: u64 = 100;

fn admitted(instance: &str, expires_ms: Option<u64>) -> Admitted {
    let digest = Digest::from_bytes([0; 32]);
    let items = ["events.publish", "events.subscribe"]
        .iter()
        .map(|text| Consented {
            capability: text.parse().unwrap(),
            by: "ada".into(),
            at_ms: 0,
            expires_ms,
            digest,
        })
        .collect();
    admit(AdmitRequest {
        instance: &instance.parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent { items },
        available: &Available::built_in(),
        budget: Preset::Production.budget(),
        now_ms: 0,
    })
    .unwrap()
}

fn subscribe(bus: &Bus, who: &Admitted, text: &str) -> Subscription {
    let pattern = Pattern::parse(Kind::EventsSubscribe, text).unwrap();
    bus.subscribe(decide::<EventsSubscribe>(who.grants(), &pattern, NOW).unwrap()).unwrap()
}

fn publish(bus: &Bus, who: &Admitted, subject: &str, payload: &Value) -> Published {
    bus.publish(decide::<EventsPublish>(who.grants(), subject, NOW).unwrap(), payload).unwrap()
}

fn subjects(subscription: &Subscription) -> Vec<String> {
    let batch = subscription.poll(1000, usize::MAX, NOW).unwrap();
    batch.events.iter().map(|event| event.subject().to_owned()).collect()
}

#[test]
fn an_event_reaches_everybody_who_listens_to_its_subject_and_nobody_else() {
    let bus = Bus::new();
    let (ada, eve) = (admitted("ada", None), admitted("eve", None));
    let all = subscribe(&bus, &ada, ">");
    let rooms = subscribe(&bus, &eve, "chat.*.message");
    let other = subscribe(&bus, &eve, "build.>");
    let published = publish(&bus, &ada, "chat.a.message", &json!({"text": "hi"}));
    assert_eq!(published.subscriptions, 2);
    publish(&bus, &eve, "chat.a", &json!(1));
    assert_eq!(subjects(&all), ["chat.a.message", "chat.a"]);
    let batch = rooms.poll(10, usize::MAX, NOW).unwrap();
    assert_eq!(batch.events[0].payload(), &json!({"text": "hi"}));
    assert_eq!(batch.events[0].publisher().as_str(), "ada");
    assert!(subjects(&other).is_empty());
}

#[test]
fn a_revoke_stops_delivery_within_one_message_and_throws_away_what_waits() {
    let bus = Bus::new();
    let (ada, eve) = (admitted("ada", None), admitted("eve", None));
    let subscription = subscribe(&bus, &eve, ">");
    assert_eq!(publish(&bus, &ada, "a", &json!(1)).subscriptions, 1);
    eve.grants().revoke_all();
    assert_eq!(publish(&bus, &ada, "a", &json!(2)).subscriptions, 0);
    assert_eq!(subscription.poll(10, usize::MAX, NOW).unwrap_err(), EventsError::Revoked);
}

#[test]
fn what_waited_before_a_revoke_is_not_handed_out_after_it() {
    let bus = Bus::new();
    let (ada, eve) = (admitted("ada", None), admitted("eve", None));
    let subscription = subscribe(&bus, &eve, ">");
    publish(&bus, &ada, "a", &json!(1));
    eve.grants().revoke_all();
    assert_eq!(subscription.poll(10, usize::MAX, NOW).unwrap_err(), EventsError::Revoked);
}

#[test]
fn a_subscription_ends_when_its_grant_expires() {
    let bus = Bus::new();
    let (ada, eve) = (admitted("ada", None), admitted("eve", Some(NOW + 10)));
    let subscription = subscribe(&bus, &eve, ">");
    publish(&bus, &ada, "a", &json!(1));
    assert!(subscription.poll(0, 0, NOW + 9).is_ok());
    assert!(subscription.poll(10, usize::MAX, NOW + 10).is_err());
    let late = decide::<EventsPublish>(ada.grants(), "a", NOW + 10).unwrap();
    assert_eq!(bus.publish(late, &json!(2)).unwrap().subscriptions, 0);
}

#[test]
fn a_subscriber_that_sleeps_loses_the_oldest_and_is_told_how_many() {
    let bus = Bus::new();
    let ada = admitted("ada", None);
    let subscription = subscribe(&bus, &ada, ">");
    for number in 0..MAX_QUEUED_EVENTS + 5 {
        publish(&bus, &ada, &format!("n.{number}"), &json!(null));
    }
    let batch = subscription.poll(2, usize::MAX, NOW).unwrap();
    assert_eq!(batch.events[0].subject(), "n.5");
    assert_eq!(batch.dropped, 5);
    assert!(batch.more);
    assert_eq!(subscription.poll(1, usize::MAX, NOW).unwrap().dropped, 0);
}

#[test]
fn a_flood_of_large_events_is_bounded_in_bytes() {
    let bus = Bus::new();
    let ada = admitted("ada", None);
    let subscription = subscribe(&bus, &ada, ">");
    let large = json!("x".repeat(MAX_PAYLOAD_BYTES - 2));
    for _ in 0..100 {
        publish(&bus, &ada, "a", &large);
    }
    let batch = subscription.poll(1000, usize::MAX, NOW).unwrap();
    assert!(batch.events.len() * MAX_PAYLOAD_BYTES <= MAX_QUEUED_BYTES);
    assert_eq!(batch.events.len() as u64 + batch.dropped, 100);
}

#[test]
fn a_poll_stays_within_the_bytes_it_may_give_and_always_moves_on() {
    let bus = Bus::new();
    let ada = admitted("ada", None);
    let subscription = subscribe(&bus, &ada, ">");
    for _ in 0..3 {
        publish(&bus, &ada, "a", &json!("x".repeat(100)));
    }
    assert_eq!(subscription.poll(10, 210, NOW).unwrap().events.len(), 2);
    assert_eq!(subscription.poll(10, 1, NOW).unwrap().events.len(), 1);
}

#[test]
fn a_payload_over_the_limit_reaches_nobody() {
    let bus = Bus::new();
    let ada = admitted("ada", None);
    let subscription = subscribe(&bus, &ada, ">");
    let permit = decide::<EventsPublish>(ada.grants(), "a", NOW).unwrap();
    let large = json!("x".repeat(MAX_PAYLOAD_BYTES));
    assert_eq!(bus.publish(permit, &large).unwrap_err(), EventsError::PayloadTooLarge);
    assert!(subjects(&subscription).is_empty());
}

#[test]
fn subscriptions_are_bounded_per_instance_and_end_when_dropped() {
    let bus = Bus::new();
    let (ada, eve) = (admitted("ada", None), admitted("eve", None));
    let mut held: Vec<Subscription> =
        (0..MAX_SUBSCRIPTIONS).map(|_| subscribe(&bus, &ada, ">")).collect();
    let pattern = Pattern::any();
    let permit = decide::<EventsSubscribe>(ada.grants(), &pattern, NOW).unwrap();
    assert_eq!(bus.subscribe(permit).unwrap_err(), EventsError::TooManySubscriptions);
    // Another instance is not affected.
    let _eves = subscribe(&bus, &eve, ">");
    held.pop();
    held.push(subscribe(&bus, &ada, ">"));
    drop(held);
    assert_eq!(bus.subscriptions(), 1);
}

#[test]
fn many_publishers_and_a_leaving_subscriber_neither_lock_up_nor_lose_count() {
    let bus = Bus::new();
    let ada = admitted("ada", None);
    let steady = subscribe(&bus, &ada, ">");
    let mut seen = 0;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..500 {
                    publish(&bus, &ada, "a", &json!(1));
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                let _ = subscribe(&bus, &ada, "a").poll(10, usize::MAX, NOW);
            }
        });
    });
    loop {
        let batch = steady.poll(50, usize::MAX, NOW).unwrap();
        seen += batch.events.len() as u64 + batch.dropped;
        if !batch.more {
            break;
        }
    }
    assert_eq!(seen, 1500);
}
