//! What can be said on the command line.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{
    ArgAction, ArgMatches, Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    ValueHint,
};

use crate::config::Setting;
use crate::config::discover::ConfigChoice;
use crate::diagnostic::Level;
use crate::report::Format;

/// Find mistakes in Nix code, and service failures in NixOS configurations before they boot
#[derive(Debug, Parser)]
#[command(name = "nixlint", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lint files and folders
    Check(CheckArgs),
    /// Apply the safe fixes; findings that remain do not fail the run
    Fix(FixArgs),
    /// Show the manual page of a rule
    #[command(visible_alias = "rule")]
    Explain(ExplainArgs),
    /// List all rules
    Rules(RulesArgs),
    /// List the hosts of flakes and what they are made of
    Hosts(HostsArgs),
    /// List what hosts run, and where it is written
    Inventory(InventoryArgs),
    /// Print what the evaluator knows of a file, for authors of rules
    Eval(EvalArgs),
    /// Draw which modules the hosts of flakes import
    Graph(GraphArgs),
    /// Serve an editor: the Language Server Protocol on stdin and stdout
    Lsp(LspArgs),
    /// Print the syntax tree of a file, for authors of rules
    Syntax(SyntaxArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages, for packagers
    #[command(hide = true)]
    Man(ManArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// How findings are written, and where to: stdout or a file. Can be repeated. One of full, concise,
    /// json, json-lines, sarif, github, gitlab, junit, checkstyle, rdjson, rdjsonl, errfmt, markdown
    /// [default: full]
    #[arg(
        short,
        long,
        visible_alias = "format",
        value_name = "FORMAT[=FILE]",
        env = "NIXLINT_OUTPUT_FORMAT",
        value_parser = parse_output
    )]
    pub output_format: Vec<Output>,

    /// Apply the safe fixes, and report what remains
    #[arg(long)]
    pub fix: bool,

    /// Write an ignore comment for each finding, with a reason if one is given, so that only new ones are reported
    #[arg(
        long,
        value_name = "REASON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["fix", "diff", "watch", "statistics"]
    )]
    pub add_ignore: Option<String>,

    /// Lint again whenever files change, until Ctrl+C
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    pub watch: bool,

    #[command(flatten)]
    pub fixes: FixChoice,

    /// The lowest level that makes the exit code 1 [default: warning]
    #[arg(long, value_name = "LEVEL", value_parser = parse_fail_on)]
    pub fail_on: Option<Level>,

    /// Exit with 0 whatever is found
    #[arg(short = 'e', long)]
    pub exit_zero: bool,

    /// Show how often each rule speaks instead of the findings
    #[arg(long, conflicts_with = "diff")]
    pub statistics: bool,

    #[command(flatten)]
    pub rules: RuleArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct FixArgs {
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub fixes: FixChoice,
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// Which fixes, and whether for real.
#[derive(Debug, ClapArgs)]
pub(super) struct FixChoice {
    /// Also apply fixes that may change what the configuration does
    #[arg(long)]
    pub unsafe_fixes: bool,

    /// Show what the fixes would change as a patch, and change nothing; exits with 1 if there is something
    #[arg(long)]
    pub diff: bool,
}

/// Which files, and how.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct FileArgs {
    /// Files and folders; `-` reads one file from stdin
    #[arg(value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// The same as `-`, as statix spells it
    #[arg(long, hide = true, conflicts_with = "paths")]
    pub stdin: bool,

    /// The path of the file that comes from stdin
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub stdin_filename: Option<PathBuf>,

    /// Leave out what is ignored, hidden or excluded even if it is named
    #[arg(long)]
    pub force_exclude: bool,

    /// Use this configuration file for everything, unless `--isolated` is given; its paths count from the working directory
    #[arg(long, value_name = "FILE", env = "NIXLINT_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Use no configuration file
    #[arg(long)]
    pub isolated: bool,

    /// How many threads work [default: one per processor]
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = RangedU64ValueParser::<usize>::new().range(..=1024)
    )]
    pub threads: usize,

    /// Write no summary
    #[arg(short, long)]
    pub quiet: bool,
}

impl FileArgs {
    /// The files and folders to look at, as they were given.
    pub(super) fn given_paths(&self) -> Vec<PathBuf> {
        if self.stdin { vec![PathBuf::from("-")] } else { self.paths.clone() }
    }

    /// Where the configuration is.
    pub(super) fn config_choice(&self) -> ConfigChoice {
        match &self.config {
            _ if self.isolated => ConfigChoice::Isolated,
            Some(file) => ConfigChoice::File(file.clone()),
            None => ConfigChoice::Nearest,
        }
    }
}

impl Command {
    /// The files that a command is about, where it is about files of projects.
    pub(super) fn files(&self) -> Option<&FileArgs> {
        match self {
            Self::Check(args) => Some(&args.files),
            Self::Fix(args) => Some(&args.files),
            Self::Hosts(args) => Some(&args.files),
            Self::Inventory(args) => Some(&args.files),
            Self::Graph(args) => Some(&args.files),
            _ => None,
        }
    }
}

/// Which rules.
#[derive(Debug, Default, ClapArgs)]
pub(super) struct RuleArgs {
    /// Run these rules and no others: names, groups or `ALL`
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append)]
    pub select: Vec<String>,

    /// Run these rules as well, at the levels they declare: for groups such as `packaging` that are off otherwise
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append)]
    pub extend_select: Vec<String>,

    /// Do not run these
    #[arg(long, value_name = "RULE", value_delimiter = ',', action = ArgAction::Append)]
    pub ignore: Vec<String>,

    #[command(flatten)]
    pub levels: LevelArgs,
}

/// `-A`, `-W` and `-D` from left to right.
#[derive(Debug, Clone, Default)]
pub(super) struct LevelArgs {
    /// Names of rules and groups with what is to become of them.
    pub levels: Vec<(String, Setting)>,
}

const LEVEL_FLAGS: [(&str, char, &str, Setting); 3] = [
    ("allow", 'A', "Switch rules off", Setting::Off),
    ("warn", 'W', "Make rules warn", Setting::At(Level::Warning)),
    ("deny", 'D', "Make rules errors; the last of -A, -W and -D wins", Setting::At(Level::Error)),
];

impl ClapArgs for LevelArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        LEVEL_FLAGS.into_iter().fold(command, |command, (name, short, help, _)| {
            let arg = clap::Arg::new(name).short(short).long(name).help(help).value_name("RULE");
            command.arg(arg.value_delimiter(',').action(ArgAction::Append))
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LevelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut levels = Vec::new();
        for (name, _, _, setting) in LEVEL_FLAGS {
            let values = matches.get_many::<String>(name).into_iter().flatten();
            let places = matches.indices_of(name).into_iter().flatten();
            levels.extend(places.zip(values).map(|(place, value)| (place, value.clone(), setting)));
        }
        levels.sort_by_key(|(place, _, _)| *place);
        Ok(Self { levels: levels.into_iter().map(|(_, name, setting)| (name, setting)).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct LspArgs {
    /// Changes nothing: there is no other way to talk
    #[arg(long, hide = true)]
    pub stdio: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// The name of the rule
    pub rule: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesArgs {
    /// What else to do with rules
    #[command(subcommand)]
    pub command: Option<RulesCommand>,

    /// How the list is written
    #[arg(short, long, visible_alias = "format", value_enum, value_name = "FORMAT", default_value_t = ListFormat::Text)]
    pub output_format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Try the rules that a folder declares on their cases
    Test(RulesTestArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesTestArgs {
    /// The folder: `<name>.toml` for each rule, `<name>.md` with its cases
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// Rewrite the carets and fixed files of the cases to what the rules find
    #[arg(long)]
    pub update: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// A table for people
    Text,
    /// One JSON array
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct HostsArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// List the modules of each host
    #[arg(long = "files")]
    pub list_files: bool,

    /// How the list is written
    #[arg(short, long, visible_alias = "format", value_enum, value_name = "FORMAT", default_value_t = TableFormat::Table)]
    pub output_format: TableFormat,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InventoryArgs {
    /// What to list
    #[arg(value_enum)]
    pub kind: InventoryKind,

    #[command(flatten)]
    pub files: FileArgs,

    /// Only this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,

    /// How the list is written
    #[arg(short, long, visible_alias = "format", value_enum, value_name = "FORMAT", default_value_t = TableFormat::Table)]
    pub output_format: TableFormat,
}

/// What an inventory is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InventoryKind {
    /// Services, containers, timers and other units
    Services,
    /// Ports that something listens on
    Ports,
    /// Containers
    Containers,
    /// Mounts, volumes, and directories of services
    Paths,
    /// Secrets and environment files, and who uses them
    Secrets,
    /// Users and groups
    Users,
    /// Services that the system and a user both run, and the ways out
    Conflicts,
}

impl InventoryKind {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Ports => "ports",
            Self::Containers => "containers",
            Self::Paths => "paths",
            Self::Secrets => "secrets",
            Self::Users => "users",
            Self::Conflicts => "conflicts",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// Draw this host alone; can be repeated
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,

    /// How the graph is written
    #[arg(short, long, visible_alias = "format", value_enum, value_name = "FORMAT", default_value_t = GraphFormat::Mermaid)]
    pub output_format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// A flowchart for Markdown
    Mermaid,
    /// For Graphviz
    Dot,
    /// One JSON array
    Json,
}

/// How a command writes a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    /// Columns for people, in 80 columns
    Table,
    /// One JSON array
    Json,
    /// A table in Markdown
    Markdown,
}

#[derive(Debug, ClapArgs)]
pub(super) struct EvalArgs {
    /// The file, or a folder with a `default.nix`; `-` reads stdin. It sees the files of its project.
    /// With `--host` an option instead, such as `services.nginx.enable`
    #[arg(value_name = "FILE|OPTION", value_hint = ValueHint::AnyPath)]
    pub subject: PathBuf,

    /// An attribute of it, such as `a.b."c.d"`; numbers are elements of lists
    #[arg(value_name = "ATTRPATH")]
    pub attribute_path: Option<String>,

    /// The value of an option on this host of the flake around you, and where it is defined
    #[arg(long, value_name = "HOST", conflicts_with_all = ["attribute_path", "strict"])]
    pub host: Option<String>,

    /// On the home that Home Manager makes for this user of the host
    #[arg(long, value_name = "USER", requires = "host")]
    pub user: Option<String>,

    /// Evaluate all of it; without this, what is not evaluated yet is `<CODE>`
    #[arg(long)]
    pub strict: bool,

    /// How the value is written; as JSON it is evaluated whole
    #[arg(short, long, visible_alias = "format", value_enum, value_name = "FORMAT", default_value_t = EvalFormat::Text)]
    pub output_format: EvalFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EvalFormat {
    /// As `nix-instantiate --eval` prints it
    Text,
    /// `{"value": …}`, or `{"unknown": "why"}`
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SyntaxArgs {
    /// The file; `-` reads stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ManArgs {
    /// The folder to write a page for each command to; without it, the page of nixlint is printed
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    // On terminals, unless the environment says otherwise.
    Auto,
    Always,
    Never,
}

/// A format and the file it goes to; `None` for stdout.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub format: Format,
    pub file: Option<PathBuf>,
}

fn parse_output(value: &str) -> Result<Output, String> {
    let (format, file) = match value.split_once('=') {
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (value, None),
    };
    if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
        return Err(format!("the file after `{format}=` is missing"));
    }
    let file = file.filter(|file| file.as_os_str() != "-");
    let format: Format = format.parse().map_err(|error: crate::report::UnknownFormat| error.to_string())?;
    Ok(Output { format, file })
}

fn parse_fail_on(word: &str) -> Result<Level, String> {
    match crate::config::parse_level(word) {
        Ok(Setting::At(level)) => Ok(level),
        Ok(Setting::Off) => Err("use `--exit-zero` to never fail".to_owned()),
        Ok(Setting::On) => Err("choose error, warning or info".to_owned()),
        Err(unknown) => Err(format!("{unknown}: choose error, warning or info")),
    }
}

/// A mistake in arguments that clap cannot see.
pub(super) fn usage_error(message: &str) -> clap::Error {
    Args::command().error(ErrorKind::ArgumentConflict, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn levels_keep_their_order() {
        let args = ["nixlint", "check", "-W", "a,b", "-A", "c", "-D", "a", ".", "--allow=d"];
        let args = Args::try_parse_from(args).expect("the arguments are right");
        let Some(Command::Check(check)) = args.command else { unreachable!("it says check") };
        let levels: Vec<_> =
            check.rules.levels.levels.iter().map(|(name, setting)| (name.as_str(), *setting)).collect();
        assert_eq!(
            levels,
            [
                ("a", Setting::At(Level::Warning)),
                ("b", Setting::At(Level::Warning)),
                ("c", Setting::Off),
                ("a", Setting::At(Level::Error)),
                ("d", Setting::Off),
            ]
        );
    }

    #[test]
    fn outputs_are_a_format_and_perhaps_a_file() {
        let output = parse_output("json=a=b.json").expect("it is an output");
        assert_eq!((output.format, output.file), (Format::Json, Some(PathBuf::from("a=b.json"))));
        assert!(parse_output("json=").is_err());
        assert!(parse_output("xml").is_err());
    }
}
