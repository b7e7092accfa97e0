//! The users and groups of a host: those the project declares, and those its services run as.
//!
//! Accounts that only nixpkgs declares are listed where a service of the host runs as them.

use std::rc::Rc;

use super::host::Host;
use super::service::Service;
use super::table::{Certainty, Node};
use super::view::{Known, Origin, Switch};

/// A user of the host.
#[derive(Clone)]
pub struct Account {
    /// The name, `*` for holes.
    pub name: String,
    /// What kind of user it is.
    pub kind: AccountKind,
    /// The number, where it is set.
    pub uid: Option<Known<String>>,
    /// The main group, where it is set.
    pub group: Option<Known<String>>,
    /// The other groups; and whether these are all.
    pub groups: (Vec<String>, bool),
    /// The home directory, where it is set.
    pub home: Option<Known<String>>,
    /// The services that run as this user.
    pub services: Vec<String>,
    /// Where it comes from: its declaration, else the first service.
    pub origin: Origin,
}

/// The kinds of [`Account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKind {
    /// A person: `isNormalUser`.
    Normal,
    /// `isSystemUser`.
    System,
    /// Declared, and of which kind is not said in the project.
    Declared,
    /// Declared by the module of a service, if at all.
    Service,
    /// Made up by systemd while the service runs.
    Dynamic,
}

/// A group of the host.
#[derive(Clone)]
pub struct Group {
    /// The name, `*` for holes.
    pub name: String,
    /// The number, where it is set.
    pub gid: Option<Known<String>>,
    /// The members that its own declaration names; and whether these are all.
    pub members: (Vec<String>, bool),
    /// Where it comes from.
    pub origin: Origin,
}

impl AccountKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::System => "system",
            Self::Declared => "declared",
            Self::Service => "service",
            Self::Dynamic => "dynamic",
        }
    }
}

impl Host<'_> {
    /// The users, by kind and name.
    pub fn accounts(&self) -> Rc<[Account]> {
        self.views.accounts.get_or_init(|| self.build_accounts().into()).clone()
    }

    /// The groups that the project declares, by name.
    pub fn groups(&self) -> Rc<[Group]> {
        self.views.groups.get_or_init(|| self.build_groups().into()).clone()
    }

    fn build_accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = Vec::new();
        for (mut keys, node) in self.nodes("users.users.*") {
            let Some(key) = keys.pop() else { continue };
            if matches!(self.switch(&self.below(&node, "enable")), Switch::Off) {
                continue;
            }
            accounts.push(self.account(key.display(), &node));
        }
        for service in self.services().iter() {
            let user = match self.service_user(service) {
                Some(Known::Value(user)) => user,
                Some(Known::Unknown) => continue,
                None if self.has_dynamic_user(service) == Some(true) => match service.units.first() {
                    // The name of the unit without its suffix (systemd.exec(5)).
                    Some(unit) => unit.rsplit_once('.').map_or(unit.clone(), |(name, _)| name.to_owned()),
                    None => continue,
                },
                None => continue,
            };
            if service.manager != super::service::Manager::System || user == "root" {
                continue;
            }
            match accounts.iter_mut().find(|account| account.name == user) {
                Some(account) => account.services.push(service.name.clone()),
                None => accounts.push(self.account_of_service(user, service)),
            }
        }
        accounts.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        accounts
    }

    fn account(&self, name: String, node: &Rc<Node>) -> Account {
        let marks = ["isNormalUser", "isSystemUser"].map(|option| self.below(node, option));
        let main = marks.iter().find_map(|mark| mark.definitions().first());
        let origin = self.origin(format!("users.users.{}", super::view::quoted(&name)), node, main);
        let is_on = |option: &str| matches!(self.switch(&self.below(node, option)), Switch::On);
        let kind = if is_on("isNormalUser") {
            AccountKind::Normal
        } else if is_on("isSystemUser") {
            AccountKind::System
        } else {
            AccountKind::Declared
        };
        let text = |option: &str| self.text_setting(&self.below(node, option), &origin.condition);
        Account {
            name,
            kind,
            uid: text("uid"),
            group: text("group"),
            groups: self.texts(&self.below(node, "extraGroups")),
            home: text("home"),
            services: Vec::new(),
            origin,
        }
    }

    fn account_of_service(&self, name: String, service: &Service) -> Account {
        let kind = match self.has_dynamic_user(service) {
            Some(true) => AccountKind::Dynamic,
            _ => AccountKind::Service,
        };
        let certainty = match kind {
            AccountKind::Dynamic => service.origin.certainty,
            // The module of the service declares it.
            _ if service.upstream.is_some() => service.origin.certainty,
            _ => service.origin.certainty.max(Certainty::May),
        };
        Account {
            name,
            kind,
            uid: None,
            group: None,
            groups: (Vec::new(), true),
            home: None,
            services: vec![service.name.clone()],
            origin: Origin { certainty, ..service.origin.clone() },
        }
    }

    fn build_groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        for (mut keys, node) in self.nodes("users.groups.*") {
            let Some(key) = keys.pop() else { continue };
            let name = key.display();
            let origin = self.origin(format!("users.groups.{}", super::view::quoted(&name)), &node, None);
            let gid = self.text_setting(&self.below(&node, "gid"), &origin.condition);
            let members = self.texts(&self.below(&node, "members"));
            groups.push(Group { name, gid, members, origin });
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        groups
    }
}
