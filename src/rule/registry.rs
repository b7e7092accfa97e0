//! Rules of every shape as entries of one table.

use serde::de::DeserializeOwned;

use super::context::{Context, HostContext};
use super::meta::RuleMeta;
use crate::project::{Host, HostClass, ProjectView};
use crate::syntax::{AstNode, Glance, NixLanguage, SyntaxKind, SyntaxNode};

/// A rule with metadata and options.
pub trait Declared: Default + DeserializeOwned + Send + Sync + 'static {
    /// The metadata, written by [`crate::declare_rule!`].
    const META: RuleMeta;
}

/// A rule that looks at nodes of one file.
pub trait Rule: Declared {
    /// The nodes it wants to see; `ast::Root` for the whole file.
    type Node: AstNode<Language = NixLanguage>;

    /// Names of variables or attributes without which it has nothing to say: a file that has none of them is not
    /// shown to it. Empty for a rule that wants to see every file.
    const NAMES: &'static [&'static str] = &[];

    /// Whether all that it finds is of no use to the code, and harms nothing: programs that write code leave such
    /// things behind without a thought, so it is not shown what they wrote.
    const FINDS_UNUSED: bool = false;

    /// Whether it wants to see nodes of this kind, one of [`Self::Node`].
    fn wants(kind: SyntaxKind) -> bool {
        let _ = kind;
        true
    }

    /// Whether it may have something to say about a node. It is asked before a node is made, so that most nodes
    /// never are: it looks at what stands right there, and says `true` in doubt.
    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let _ = (view, cx);
        true
    }

    /// Looks at one node.
    fn check(&self, node: &Self::Node, cx: &mut Context<'_>);
}

/// A rule that looks at what a host is made of.
pub trait HostRule: Declared {
    /// The hosts that it understands. Homes of users of NixOS hosts belong to those hosts.
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos];

    /// Looks at one host.
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>);
}

/// A [`Rule`] without its type.
pub trait ErasedRule: Send + Sync {
    /// Whether it asks for nodes of this kind.
    fn wants(&self, kind: SyntaxKind) -> bool;
    /// The names of which a file must have one, see [`Rule::NAMES`]; empty where any file will do.
    fn names(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether all it finds is of no use, see [`Rule::FINDS_UNUSED`].
    fn finds_unused(&self) -> bool {
        false
    }
    /// Whether the rule may have something to say about a node of a kind it asked for, see [`Rule::may_concern`].
    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let _ = (view, cx);
        true
    }
    /// Looks at a node of a kind the rule asked for.
    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>);
}

impl<R: Rule> ErasedRule for R {
    fn wants(&self, kind: SyntaxKind) -> bool {
        R::Node::can_cast(kind) && R::wants(kind)
    }

    fn names(&self) -> &'static [&'static str] {
        R::NAMES
    }

    fn finds_unused(&self) -> bool {
        R::FINDS_UNUSED
    }

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        R::may_concern(self, view, cx)
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        if let Some(node) = R::Node::cast(node.clone()) {
            self.check(&node, cx);
        }
    }
}

/// A [`HostRule`] without its type.
pub trait ErasedHostRule: Send + Sync {
    /// Whether it understands hosts of this class.
    fn wants(&self, class: HostClass) -> bool;
    /// Looks at one host.
    fn check_host(&self, host: &Host<'_>, cx: &mut HostContext<'_>);
}

impl<R: HostRule> ErasedHostRule for R {
    fn wants(&self, class: HostClass) -> bool {
        R::CLASSES.contains(&class)
    }

    fn check_host(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        self.check(host, cx);
    }
}

/// A rule that looks at a whole project.
pub trait ProjectRule: Declared {
    /// Looks at a project, after all of its hosts.
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>);
}

/// A [`ProjectRule`] without its type.
pub trait ErasedProjectRule: Send + Sync {
    /// Looks at a project.
    fn check_project(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>);
}

impl<R: ProjectRule> ErasedProjectRule for R {
    fn check_project(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        self.check(project, cx);
    }
}

/// A rule with its options, ready to run.
pub enum Runner {
    /// On nodes.
    File(Box<dyn ErasedRule>),
    /// On hosts.
    Host(Box<dyn ErasedHostRule>),
    /// On projects.
    Project(Box<dyn ErasedProjectRule>),
}

/// A rule of the registry.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What is said about it.
    pub meta: &'static RuleMeta,
    /// Makes it from its table in the configuration.
    pub build: &'static Build,
}

/// Makes a rule from its table in the configuration.
pub type Build = dyn Fn(toml::Table) -> Result<Runner, toml::de::Error> + Send + Sync;

impl Entry {
    /// The entry of a rule on nodes.
    pub const fn file<R: Rule>() -> Self {
        Self {
            meta: &R::META,
            build: &|options| Ok(Runner::File(Box::new(toml::Value::Table(options).try_into::<R>()?))),
        }
    }

    /// The entry of a rule on hosts.
    pub const fn host<R: HostRule>() -> Self {
        Self {
            meta: &R::META,
            build: &|options| Ok(Runner::Host(Box::new(toml::Value::Table(options).try_into::<R>()?))),
        }
    }

    /// The entry of a rule on projects.
    pub const fn project<R: ProjectRule>() -> Self {
        Self {
            meta: &R::META,
            build: &|options| Ok(Runner::Project(Box::new(toml::Value::Table(options).try_into::<R>()?))),
        }
    }
}
