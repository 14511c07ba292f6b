//! From facts to a report: rules, policy, score, places.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::place::Places;
use super::{FORMAT, Outcome, Report, ReportedFinding, ReportedNeed, ReportedStep, Spot};
use crate::capability::{Declared, Inferred, infer};
use crate::event::When;
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::place::{FileId, Place};
use crate::policy::{Judged, Policy};
use crate::rules::{self, Context};
use crate::score::{Understood, score};
use crate::tree::Tree;

/// What is asked about a package, beside its facts.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What the package is called in the report.
    pub subject: &'a str,
    /// What its manifest asks for; nothing where it has none.
    pub declared: Option<&'a [Declared]>,
    /// What is made of findings.
    pub policy: &'a Policy,
    /// The day, `YYYY-MM-DD`, by which exceptions end; without one none holds.
    pub today: Option<&'a str>,
}

/// Answers it. The same bytes, policy and day give the same report.
#[must_use]
pub fn assess(tree: &Tree<'_>, facts: &Facts, question: &Question<'_>) -> Report {
    let inferred = infer(facts);
    let findings =
        rules::run(&Context { tree, facts, inferred: &inferred, declared: question.declared });
    let mut contents = Contents { tree, known: BTreeMap::new() };
    let path = |finding: &Finding| {
        tree.file(finding.place.file).map(|file| file.path.clone()).unwrap_or_default()
    };
    let judged = question.policy.judge(findings, question.today, path, |finding| {
        contents.of(finding.place.file).unwrap_or_default()
    });
    let understood = Understood::of(tree, facts);
    let open: Vec<Finding> =
        judged.iter().filter(|one| one.accepted.is_none()).map(|one| one.finding.clone()).collect();
    let score = score(&open, &understood);
    let open: Vec<&Finding> = open.iter().collect();
    let blocked = question.policy.block.reached_by(&open, score);
    let warned = question.policy.warn.reached_by(&open, score);
    let (outcome, reasons) = match (blocked.is_empty(), warned.is_empty()) {
        (false, _) => (Outcome::Blocked, blocked),
        (true, false) => (Outcome::Warning, warned),
        (true, true) => (Outcome::Clean, Vec::new()),
    };
    let codes = |severities: &[Severity]| -> Vec<String> {
        let of_these = open.iter().filter(|one| severities.contains(&one.severity));
        let codes: BTreeSet<&str> = of_these.map(|one| one.code).collect();
        codes.into_iter().map(str::to_owned).collect()
    };
    let threats = codes(&[Severity::High, Severity::Critical]);
    let warnings = codes(&[Severity::Low, Severity::Medium]);
    let places = Places::of(tree, all_places(&judged, &inferred));
    Report {
        format: FORMAT.to_owned(),
        subject: question.subject.to_owned(),
        score,
        outcome,
        reasons,
        safe: outcome != Outcome::Blocked && threats.is_empty(),
        threats,
        warnings,
        findings: judged.into_iter().map(|one| reported(one, &places, &mut contents)).collect(),
        capabilities: needs(&inferred, &places),
        dynamic_code: inferred.dynamic_code.iter().map(|at| places.spot(*at)).collect(),
        opaque: inferred.opaque.iter().map(|at| places.spot(*at)).collect(),
        understood,
        understood_per_cent: understood.per_cent(),
    }
}

fn all_places(judged: &[Judged], inferred: &Inferred) -> impl Iterator<Item = Place> {
    let mut all: Vec<Place> = Vec::new();
    for one in judged {
        all.push(one.finding.place);
        all.extend(one.finding.evidence.iter().map(|step| step.place));
    }
    all.extend(inferred.needs.iter().flat_map(|need| need.evidence.iter().copied()));
    all.extend(inferred.dynamic_code.iter().chain(&inferred.opaque).copied());
    all.into_iter()
}

fn reported(judged: Judged, places: &Places<'_>, contents: &mut Contents<'_>) -> ReportedFinding {
    let Judged { finding, accepted } = judged;
    let rule = rules::rule(finding.code);
    let steps = finding.evidence.iter().map(|step| ReportedStep {
        spot: places.spot(step.place),
        what: step.what.to_string(),
        snippet: places.snippet(step.place),
    });
    let is_worth_one = finding.severity > Severity::Information;
    ReportedFinding {
        code: finding.code.to_owned(),
        class: rule.map(|rule| rule.class.word()).unwrap_or_default().to_owned(),
        severity: finding.severity,
        cwe: rule.and_then(|rule| rule.cwe),
        message: finding.message,
        spot: places.spot(finding.place),
        snippet: places.snippet(finding.place),
        evidence: steps.collect(),
        content: if is_worth_one { contents.of(finding.place.file) } else { None },
        accepted,
    }
}

fn needs(inferred: &Inferred, places: &Places<'_>) -> Vec<ReportedNeed> {
    let needs = inferred.needs.iter().map(|need| ReportedNeed {
        capability: need.kind.word().to_owned(),
        scope: need.scope.clone(),
        when: time(need.when).to_owned(),
        evidence: need.evidence.iter().map(|at| places.spot(*at)).collect::<Vec<Spot>>(),
    });
    needs.collect()
}

const fn time(when: When) -> &'static str {
    match when {
        When::Install => "install",
        When::Load => "load",
        When::Call => "call",
    }
}

/// SHA-256 of files, each computed once and only when it is asked for.
struct Contents<'a> {
    tree: &'a Tree<'a>,
    known: BTreeMap<FileId, String>,
}

impl Contents<'_> {
    fn of(&mut self, file: FileId) -> Option<String> {
        let bytes = &self.tree.file(file)?.bytes;
        let digest = self.known.entry(file).or_insert_with(|| {
            use std::fmt::Write as _;
            Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
        });
        Some(digest.clone())
    }
}
