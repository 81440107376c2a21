//! What is written about a rule: once, for every place that shows it.
//!
//! In: the text beside each rule. Out: [`Article`]s, and [`Advice`] with a session's values in it.
//!
//! **Invariant**: a command that changes something comes after one that only looks.

use super::powershell::quote;
use super::subject::Subject;
use super::{Finding, Rule, Severity};

/// A rule in words.
#[derive(Clone, Copy, Debug)]
pub struct Article {
    /// The rule.
    pub rule: Rule,
    /// `auth-credentials-rejected`.
    pub name: &'static str,
    /// How much it matters, as a rule.
    pub severity: Severity,
    /// When it is found.
    pub when: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it looks like in the log, line by line.
    pub log: &'static [&'static str],
    /// Why it happens, the likeliest first.
    pub causes: &'static [&'static str],
    /// What only looks.
    pub checks: &'static [Step],
    /// What changes something.
    pub changes: &'static [Step],
    /// Where it is written.
    pub source: &'static str,
    /// Says it of a session in one sentence.
    pub(super) to_message: fn(&Subject<'_>, &Finding) -> String,
}

/// A thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub purpose: &'static str,
    /// The command, with names such as `{connector}` where a session's values go; empty where it is
    /// done elsewhere.
    pub command: &'static str,
    /// Which cases it is for.
    pub scope: Scope,
}

/// Which cases of a rule a step is for. Where no session is at hand, or its log does not tell, every
/// step is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Any,
    /// A connector that setup made for other servers: Default, Default Frontend, Outbound Proxy Frontend.
    DefaultConnector,
    /// Any other: a Client connector, or one of the administrator's own.
    OtherConnector,
    /// The reply that the finding is about has this code.
    Reply(u16),
}

/// Shorthand for the tables of the rules.
pub(super) const fn step(purpose: &'static str, command: &'static str) -> Step {
    step_for(Scope::Any, purpose, command)
}

/// Shorthand for a step that is not for all cases.
pub(super) const fn step_for(scope: Scope, purpose: &'static str, command: &'static str) -> Step {
    Step { purpose, command, scope }
}

/// Whether a step only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It only looks.
    Check,
    /// It changes something.
    Change,
}

impl Kind {
    /// Its word in every output.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Change => "change",
        }
    }
}

/// A thing to do about one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Whether it only looks.
    pub kind: Kind,
    /// What it is for.
    pub purpose: &'static str,
    /// The command, ready to be pasted into the Exchange Management Shell.
    pub command: Option<String>,
}

/// What goes into the commands. What a log does not tell stands there as its name in brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// `EX01\Client Frontend EX01`.
    pub connector: Option<String>,
    /// `EX01`.
    pub server: Option<String>,
    /// The name in the banner, which is the connector's Fqdn.
    pub fqdn: Option<String>,
    /// Of the certificate that was presented.
    pub thumbprint: Option<String>,
    /// A name that this certificate holds.
    pub certified: Option<String>,
    /// Who tried to log in, or did.
    pub user: Option<String>,
    /// The client's address.
    pub client: Option<String>,
    /// The address of MAIL FROM.
    pub sender: Option<String>,
    /// The recipient that was refused.
    pub recipient: Option<String>,
    /// The time of the session's first row.
    pub time: Option<String>,
    /// The time of its last row.
    pub end: Option<String>,
    /// Whether setup made the connector for other servers.
    pub is_default: Option<bool>,
    /// The code of the reply that the finding is about.
    pub reply: Option<u16>,
}

impl Values {
    /// Made-up values, for text about no session in particular.
    pub fn examples() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            connector: some("EX01\\Client Frontend EX01"),
            server: some("EX01"),
            fqdn: some("mail.contoso.com"),
            client: some("198.51.100.7"),
            user: some("user@contoso.com"),
            sender: some("user@contoso.com"),
            recipient: some("someone@fabrikam.com"),
            time: some("2026-11-23T08:29:00.104Z"),
            end: some("2026-11-23T08:29:10.275Z"),
            ..Self::default()
        }
    }

    /// In text about no session in particular, what is for a Default connector names one.
    fn example_default(&self) -> Option<Self> {
        let is_example = self.is_default.is_none() && self.connector.is_some();
        is_example.then(|| Self { connector: Some("EX01\\Default Frontend EX01".into()), ..self.clone() })
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = match name {
            "connector" => &self.connector,
            "server" => &self.server,
            "fqdn" => &self.fqdn,
            "thumbprint" => &self.thumbprint,
            "certified" => &self.certified,
            "user" => &self.user,
            "client" => &self.client,
            "sender" => &self.sender,
            "recipient" => &self.recipient,
            "time" => &self.time,
            "end" => &self.end,
            _ => return None,
        };
        let name = if name == "certified" { "name in the certificate" } else { name };
        Some(value.as_deref().map_or_else(|| quote(&format!("<{name}>")), quote))
    }

    /// Whether a step is for this case, as far as it is known.
    fn fits(&self, scope: Scope) -> bool {
        match scope {
            Scope::Any => true,
            Scope::DefaultConnector => self.is_default != Some(false),
            Scope::OtherConnector => self.is_default != Some(true),
            Scope::Reply(code) => self.reply.is_none_or(|reply| reply == code),
        }
    }

    /// Puts the values, quoted, in the places of their names. Other braces are left as they are.
    pub fn fill(&self, template: &str) -> String {
        let mut filled = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let after = &rest[open + 1..];
            let value = after.find('}').and_then(|close| Some((self.get(&after[..close])?, close)));
            filled.push_str(&rest[..open]);
            rest = match value {
                Some((value, close)) => {
                    filled.push_str(&value);
                    &after[close + 1..]
                }
                None => {
                    filled.push('{');
                    after
                }
            };
        }
        filled + rest
    }
}

impl Article {
    /// What to look at, then what to change, with these values in the commands.
    pub fn to_advice(&self, values: &Values) -> Vec<Advice> {
        let default = values.example_default();
        let of = |kind: Kind, step: &Step| {
            let values = default.as_ref().filter(|_| step.scope == Scope::DefaultConnector).unwrap_or(values);
            let command = (!step.command.is_empty()).then(|| values.fill(step.command));
            Advice { kind, purpose: step.purpose, command }
        };
        let fits = |step: &&Step| values.fits(step.scope);
        let checks = self.checks.iter().filter(fits).map(|step| of(Kind::Check, step));
        checks.chain(self.changes.iter().filter(fits).map(|step| of(Kind::Change, step))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::RULES;

    #[test]
    fn values_are_quoted_and_other_braces_kept() {
        let values = Values { connector: Some("EX01\\a 'b' {server}".into()), ..Values::default() };
        assert_eq!(
            values.fill("Get-X {connector} | Where-Object {$_.Y -eq {server}} {"),
            "Get-X 'EX01\\a ''b'' {server}' | Where-Object {$_.Y -eq '<server>'} {"
        );
    }

    #[test]
    fn what_is_called_a_check_only_looks() {
        const LOOKING: [&str; 5] = ["Get-", "Test-", "setspn -L ", "w32tm /query ", "Resolve-DnsName "];
        const CHANGING: [&str; 9] =
            ["Set-", "Enable-", "Disable-", "New-", "Add-", "Remove-", "-Repair", "Restart-", "Unlock-"];
        for article in RULES {
            assert!(!article.checks.is_empty(), "{}", article.name);
            for step in article.checks.iter().filter(|step| !step.command.is_empty()) {
                let command = step.command;
                assert!(LOOKING.iter().any(|verb| command.starts_with(verb)), "{}: {command}", article.name);
                assert!(!CHANGING.iter().any(|verb| command.contains(verb)), "{}: {command}", article.name);
            }
            let has_change = article.changes.iter().any(|step| !step.command.is_empty());
            assert!(!has_change || article.checks.iter().any(|step| !step.command.is_empty()), "{}", article.name);
        }
    }

    /// The command without what stands in quotes; `None` where a quote does not end.
    fn bare(command: &str) -> Option<String> {
        let mut bare = String::new();
        let mut characters = command.chars().peekable();
        while let Some(character) = characters.next() {
            bare.push(character);
            if !matches!(character, '\'' | '"') {
                continue;
            }
            loop {
                match characters.next()? {
                    '`' if character == '"' => drop(characters.next()?),
                    end if end == character => match characters.next_if_eq(&character) {
                        Some(_) => {}
                        None => break,
                    },
                    _ => {}
                }
            }
        }
        Some(bare)
    }

    #[test]
    fn values_change_nothing_but_literals() {
        let all = |value: &str| {
            let some = Some(value.to_owned());
            let [connector, server, fqdn, thumbprint, certified] = std::array::from_fn(|_| some.clone());
            let [user, client, sender, recipient, time] = std::array::from_fn(|_| some.clone());
            let end = some;
            let told = Values { connector, server, fqdn, thumbprint, certified, ..Values::default() };
            Values { user, client, sender, recipient, time, end, ..told }
        };
        let (plain, odd) = (all("x"), all("x'; Remove-Item '$(y)\"} | {"));
        for step in RULES.iter().flat_map(|article| article.checks.iter().chain(article.changes)) {
            let expected = bare(&plain.fill(step.command));
            assert!(expected.is_some(), "{}", step.command);
            assert_eq!(bare(&odd.fill(step.command)), expected, "{}", step.command);
            let braces =
                |open: char, close: char| step.command.matches(open).count() == step.command.matches(close).count();
            assert!(braces('{', '}') && braces('(', ')'), "{}", step.command);
        }
    }

    #[test]
    fn events_are_searched_within_bounds() {
        for step in RULES.iter().flat_map(|article| article.checks.iter().chain(article.changes)) {
            let command = step.command;
            assert_eq!(command.contains("StartTime="), command.contains("EndTime="), "{command}");
            assert!(!command.contains("Get-WinEvent") || command.contains("-MaxEvents"), "{command}");
        }
    }

    #[test]
    fn examples_name_the_connector_that_is_meant() {
        let article = RULES.iter().find(|article| article.name == "certificate-name-mismatch").unwrap();
        let commands: Vec<String> =
            article.to_advice(&Values::examples()).into_iter().filter_map(|advice| advice.command).collect();
        let set = |connector: &str, what: &str| {
            commands.iter().any(|one| one.contains(&format!("Set-ReceiveConnector '{connector}' -{what}")))
        };
        assert!(set("EX01\\Client Frontend EX01", "Fqdn") && set("EX01\\Client Frontend EX01", "TlsCertificateName"));
        assert!(
            set("EX01\\Default Frontend EX01", "TlsCertificateName") && !set("EX01\\Default Frontend EX01", "Fqdn")
        );
    }

    #[test]
    fn names_in_commands_are_known() {
        let values = Values::default();
        for step in RULES.iter().flat_map(|article| article.checks.iter().chain(article.changes)) {
            let filled = values.fill(step.command);
            for rest in filled.split('{').skip(1) {
                let name = rest.split('}').next().unwrap_or_default();
                assert!(!name.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", step.command);
            }
        }
    }

    #[test]
    fn articles_are_whole_and_in_order() {
        for (at, article) in RULES.iter().enumerate() {
            assert_eq!(article.rule as usize, at, "{}", article.name);
            assert!(article.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", article.name);
            for text in [article.meaning, article.source] {
                assert!(text.ends_with('.'), "{}: {text}", article.name);
            }
            assert!(!article.causes.is_empty() && !article.log.is_empty(), "{}", article.name);
        }
    }
}
