//! Shapes of shell text met in units, as Nix strings with their holes.

use proptest::prelude::*;

use super::exec::ExecCommand;
use super::*;
use crate::syntax::{self, AstNode, StringPart, ast};
use crate::text::{FileId, Hole, HoleKind, Piece, Segment};

/// The template of a Nix string. `${pkgs.…}` is a store path, `${port}` a number, `${word}` a quoted word,
/// anything else may hold any text.
fn template(nix: &str) -> Template {
    let root = syntax::parse(nix).root();
    let Some(ast::Expr::Str(string)) = root.expr() else { panic!("{nix} is no string") };
    let span = |range| Span::new(FileId(0), range);
    let pieces = syntax::decode_string(&string).into_iter().map(|part| match part {
        StringPart::Text { text, map } => {
            let segments = map.into_iter().map(|(at, source)| Segment { at, source: span(source) });
            Piece::Text { text: text.into(), map: segments.collect() }
        }
        StringPart::Interpolation(node) => {
            let text = node.syntax().text().to_string();
            let kind = match text.as_str() {
                "${port}" => HoleKind::Integer,
                "${word}" => HoleKind::ShellWord,
                text if text.starts_with("${pkgs.") => HoleKind::StorePath,
                _ => HoleKind::Any,
            };
            Piece::Hole(Hole { span: Some(span(node.syntax().text_range())), kind, may_be_empty: false })
        }
    });
    Template { pieces: pieces.collect() }
}

fn script(nix: &str) -> Script {
    parse(&template(nix)).expect("the text is shell")
}

/// Every command on a line of its own: words between brackets, then the marks of its context.
fn shown(script: &Script) -> String {
    script.commands().iter().map(|command| show(command) + "\n").collect()
}

fn show(command: &Command) -> String {
    let mut parts: Vec<String> = Vec::new();
    for assignment in &command.assignments {
        parts.push(format!("{}={}", assignment.name.as_deref().unwrap_or("?"), assignment.value.lossy()));
    }
    parts.extend(command.words.iter().map(|word| format!("[{}]", word.lossy())));
    for redirect in &command.redirects {
        let target = redirect.target.as_ref().map(Word::lossy).unwrap_or_default();
        parts.push(format!("{}{target}", redirect.operator));
    }
    let context = command.context;
    for (set, mark) in [
        (context.conditional, "conditional"),
        (context.in_loop, "loop"),
        (context.in_function, "function"),
        (context.in_substitution, "substitution"),
        (context.in_pipeline, "pipeline"),
        (context.nested_shell, "nested"),
        (context.after_unknown, "after-unknown"),
    ] {
        if set {
            parts.push(mark.to_owned());
        }
    }
    parts.join(" ")
}

/// The command of `script` that runs `program`.
fn find<'s>(script: &'s Script, program: &str) -> &'s Command {
    let mut commands = script.commands().iter();
    commands.find(|command| command.program() == Some(program)).expect("the script has the command")
}

fn sources<'n>(nix: &'n str, words: &[Word]) -> Vec<&'n str> {
    words.iter().map(|word| word.span.map_or("-", |span| &nix[span.range()])).collect()
}

#[test]
fn words_lose_their_quotes_and_keep_their_place() {
    let nix = r#"''
      mkdir -p "/var/lib/my app"/'x y' /srv/a\ b ${pkgs.foo}/share "''${DIR}/sub" "a''\tb"
    ''"#;
    let script = script(nix);
    let command = &script.commands()[0];
    assert_eq!(show(command), "[mkdir] [-p] [/var/lib/my app/x y] [/srv/a b] [${…}/share] [$DIR/sub] [a\tb]");
    let expected = [
        "mkdir",
        "-p",
        r#""/var/lib/my app"/'x y'"#,
        r"/srv/a\ b",
        "${pkgs.foo}/share",
        r#""''${DIR}/sub""#,
        r#""a''\tb""#,
    ];
    assert_eq!(sources(nix, &command.words), expected);
    let source = command.source().expect("the command stands in one place");
    assert_eq!(&nix[source.range()], nix.lines().nth(1).expect("there is a second line").trim());
}

#[test]
fn what_is_not_literal_is_told_apart() {
    let script = script(
        r#""mkdir ~/a ~root/b $HOME ''${X:-/c} ''${#X} ''${!X} $(pwd)/d `pwd` $((1+2)) /e* '/f*' $'g\\n' \"\" $1 \"$@\"""#
            .replace("''$", "\\$")
            .as_str(),
    );
    let words = &script.commands()[0].words;
    let variable = |name: &str, plain| WordPart::Variable { name: name.to_owned(), plain };
    let literal = |text: &str| WordPart::Literal(text.to_owned());
    let expected: Vec<Vec<WordPart>> = vec![
        vec![literal("mkdir")],
        vec![WordPart::Tilde, literal("/a")],
        vec![WordPart::Tilde, literal("root/b")],
        vec![variable("HOME", true)],
        vec![variable("X", false)],
        vec![WordPart::Substitution],
        vec![WordPart::Substitution],
        vec![WordPart::Substitution, literal("/d")],
        vec![WordPart::Substitution],
        vec![WordPart::Substitution],
        vec![literal("/e*")],
        vec![literal("/f*")],
        vec![literal("g\n")],
        vec![],
        vec![variable("1", true)],
        vec![variable("@", true)],
    ];
    let parts: Vec<Vec<WordPart>> = words.iter().map(|word| word.parts.clone()).collect();
    assert_eq!(parts, expected);
    let globs: Vec<bool> = words.iter().map(|word| word.has_glob).collect();
    assert_eq!(globs.iter().position(|glob| *glob), Some(10));
    assert_eq!(globs.iter().filter(|glob| **glob).count(), 1);
    assert_eq!(words[13].as_literal(), Some(""));
}

#[test]
fn a_hole_may_complete_the_name_of_a_variable() {
    let script = script(r#""a $x${pkgs.y} $x${y} $y- \${x${y}} $""#);
    let words: Vec<String> = script.commands()[0].words.iter().map(Word::lossy).collect();
    assert_eq!(words, ["a", "$x${…}", "$(…)${…}", "$y-", "$(…)", "$"]);
}

#[test]
fn braces_expand_when_they_are_plain() {
    let nix = r#""mkdir -p /x/{a,b} \"\"{c,d}{1,2}y {e} {f,{g,h}} '{i,j}' /${pkgs.k}/{l,m} {1..9} n{,o}""#;
    let script = script(nix);
    let words: Vec<String> = script.commands()[0].words.iter().map(Word::lossy).collect();
    assert_eq!(
        words.join(" "),
        "mkdir -p /x/a /x/b c1y c2y d1y d2y {e} f g h {i,j} /${…}/l /${…}/m $(…) n no"
    );
    assert_eq!(sources(nix, &script.commands()[0].words)[2..4], ["/x/{a,b}"; 2]);

    let many = format!("\"a {}\"", "{x,y}".repeat(7));
    assert_eq!(self::script(&many).commands()[0].words[1].parts, [WordPart::Substitution]);
}

#[test]
fn programs_are_known_by_base_name() {
    let program = |nix: &str| script(nix).commands()[0].program().map(str::to_owned);
    assert_eq!(program(r#""mkdir x""#).as_deref(), Some("mkdir"));
    assert_eq!(program(r#""/run/current-system/sw/bin/mkdir x""#).as_deref(), Some("mkdir"));
    assert_eq!(program(r#""${pkgs.coreutils}/bin/mkdir x""#).as_deref(), Some("mkdir"));
    assert_eq!(program(r#""\"${cfg.package}/bin/mkdir\" x""#).as_deref(), Some("mkdir"));
    assert_eq!(program(r#""\\mkdir x""#).as_deref(), Some("mkdir"));
    assert_eq!(program(r#""${lib.getExe foo} x""#), None);
    assert_eq!(program(r#""${optionalString a \"sudo \"}mkdir x""#), None);
    assert_eq!(program(r#""$TOOL x""#), None);
    assert_eq!(program(r#""$(command -v x)/bin/mkdir x""#).as_deref(), Some("mkdir"));
}

#[test]
fn commands_are_found_in_everything() {
    let script = script(
        r#"''
          set -e
          [ -d /a ] || mkdir -p /a
          if ! test -d /b; then
            mkdir /b
          elif c; then
            mkdir /c
          else
            mkdir /d
          fi
          for d in e f; do mkdir "/$d"; done
          while read -r line; do
            mkdir "$line"
          done < /list
          setup() {
            mkdir /g
          }
          [[ -n $(mkdir /o) ]] && true
          (cd /h && mkdir i)
          case "$1" in
            j) mkdir /j ;;
            *) mkdir /k
          esac
          out=$(mkdir /l; echo "`mkdir /m`")
          cat /n | xargs -n1 mkdir -p | tee /log
          diff <(mkdir /p) /q
          # mkdir /never
          echo mkdir /never
        ''"#,
    );
    assert!(!script.has_errors());
    assert_eq!(
        shown(&script),
        "\
[set] [-e]
[mkdir] [-p] [/a] conditional
[test] [-d] [/b]
[mkdir] [/b] conditional
[c] conditional
[mkdir] [/c] conditional
[mkdir] [/d] conditional
[mkdir] [/$d] loop
[read] [-r] [line] loop
[mkdir] [$line] loop
[mkdir] [/g] function
[mkdir] [/o] substitution
[true] conditional
[cd] [/h]
[mkdir] [i] conditional
[mkdir] [/j] conditional
[mkdir] [/k] conditional
out=$(…)
[mkdir] [/l] substitution
[echo] [$(…)] substitution
[mkdir] [/m] substitution
[cat] [/n] pipeline
[xargs] [-n1] [mkdir] [-p] pipeline
[tee] [/log] pipeline
[diff] [$(…)] [/q]
[mkdir] [/p] substitution
[echo] [mkdir] [/never]
"
    );
}

#[test]
fn commands_end_with_their_line() {
    let script = script(
        r#"''
          a=1 b=2
          mkdir /x
          x | xargs mkdir -p | tee /y
          [[ -n $(z) ]] && w
          if c; then
            d 2>/e | f | xargs g # é

            # comment
            echo "$(h)"
          else
            mkdir /i
          fi
          mkdir /j
        ''"#,
    );
    assert!(!script.has_errors());
    assert_eq!(
        shown(&script),
        "\
a=1 b=2
[mkdir] [/x]
[x] pipeline
[xargs] [mkdir] [-p] pipeline
[tee] [/y] pipeline
[z] substitution
[w] conditional
[c]
[d] 2>/e conditional pipeline
[f] conditional pipeline
[xargs] [g] conditional pipeline
[echo] [$(…)] conditional
[h] conditional substitution
[mkdir] [/i] conditional
[mkdir] [/j]
"
        .replace("2>", ">")
    );
}

#[test]
fn here_documents_are_text() {
    let nix = r#"''
      cat > /etc/x <<EOF
      mkdir /never $(mkdir /never)
      EOF
      cat <<'END' | tee /y
      mkdir /never
      END
      mkdir /z
      grep a <<< "$b" >/dev/null
    ''"#;
    let script = script(nix);
    assert_eq!(
        shown(&script),
        "[cat] >/etc/x <<EOF\n[cat] <<END\n[tee] [/y] pipeline\n[mkdir] [/z]\n[grep] [a] <<<$b >/dev/null\n"
    );
    let cat = script.commands()[0].source().expect("the command stands in one place");
    assert_eq!(&nix[cat.range()], "cat > /etc/x <<EOF");
}

#[test]
fn redirections_and_assignments_belong_to_their_command() {
    let script = script(
        r#""A=1 B=\"$x y\" run 2>/dev/null -p /x >>log 2>&1 <&-\na && b > out\nc | d &> both\n> empty\nX= Y+=z ${name}=1\nexport P=q R\n""#,
    );
    assert_eq!(
        shown(&script),
        "\
A=1 B=$x y [run] [-p] [/x] >/dev/null >>log >&1 <&-
[a]
[b] >out conditional
[c] pipeline
[d] &>both pipeline
>empty
X= Y=z ?=1
P=q [export] [R]
"
    );
    assert_eq!(script.commands()[0].redirects[0].descriptor, Some(2));
    assert!(script.commands()[6].assignments[1].appends);
}

#[test]
fn a_hole_in_statement_position_may_hold_anything() {
    let marks = |nix: &str| {
        let script = script(nix);
        script.commands().iter().map(|command| command.context.after_unknown).collect::<Vec<_>>()
    };
    assert_eq!(marks("\"a\\n${optionalString x y}\\nmkdir /b\""), [false, false, true]);
    assert_eq!(marks("\"${cfg.package}/bin/foo\\nmkdir /b\""), [false, false]);
    assert_eq!(marks("\"${pkgs.script}\\nmkdir /b ${x}\\nc\""), [false, false, false]);
    assert_eq!(marks("\"fi\\nmkdir /b\""), [true]);
}

#[test]
fn what_an_error_touches_is_dropped() {
    let broken = script("\"mkdir /a\\nif x; then\\nmkdir /b\\n\"");
    assert!(broken.has_errors());
    assert_eq!(shown(&broken), "[mkdir] [/a]\n[x]\n[mkdir] [/b] conditional\n");

    let open = script("\"mkdir /a\\n{\\nmkdir /b\\nx () )\\nmkdir /c\"");
    assert!(open.has_errors());
    assert_eq!(shown(&open), "[mkdir] [/a]\n");

    let unterminated = script("\"mkdir /a\\necho \\\"mkdir /b\\nmkdir /c\\n\"");
    assert!(unterminated.has_errors());
    assert_eq!(shown(&unterminated), "[mkdir] [/a]\n");

    let behind = script("\"mkdir /a\\nfoo ) bar\\nmkdir /c\\n\"");
    assert!(behind.has_errors());
    for command in behind.commands().iter().skip(1) {
        assert!(command.context.after_unknown, "{}", show(command));
    }
}

#[test]
fn wrappers_are_taken_off() {
    let effective = |nix: &str| {
        let script = script(nix);
        let invocation = script.commands()[0].effective()?;
        let mut text = invocation.program.to_owned();
        for arg in invocation.args {
            text.push(' ');
            text.push_str(&arg.lossy());
        }
        if invocation.more_args {
            text.push_str(" …");
        }
        if let Some(user) = &invocation.user {
            text.push_str(&format!(" as {}", user.lossy()));
        }
        Some(text)
    };
    for (nix, expected) in [
        ("\"install -d -m 0750 -o a -g b /x\"", Some("install -d -m 0750 -o a -g b /x")),
        ("\"sudo mkdir /x\"", Some("mkdir /x")),
        ("\"sudo -nu app -- A=b mkdir /x\"", Some("mkdir /x as app")),
        ("\"sudo --user=${u} mkdir /x\"", Some("mkdir /x as ${…}")),
        ("\"sudo -uapp -g grp mkdir /x\"", Some("mkdir /x as app")),
        ("\"sudo ${flags} mkdir /x\"", None),
        ("\"sudo -l mkdir\"", Some("sudo -l mkdir")),
        ("\"${pkgs.util-linux}/bin/runuser -u app -- mkdir /x\"", Some("mkdir /x as app")),
        ("\"runuser app -c 'mkdir /x'\"", Some("runuser app -c mkdir /x")),
        ("\"/usr/bin/env -i A=b -u C mkdir /x\"", Some("-u C mkdir /x")),
        ("\"env -i -u C A=b mkdir /x\"", Some("mkdir /x")),
        ("\"exec nice -n 5 ionice -c2 nohup mkdir /x\"", Some("mkdir /x")),
        ("\"command -v mkdir\"", Some("command -v mkdir")),
        ("\"command mkdir /x\"", Some("mkdir /x")),
        ("\"timeout -k 5 --signal=KILL 10s mkdir /x\"", Some("mkdir /x")),
        ("\"setpriv --reuid 1000 --clear-groups mkdir /x\"", Some("mkdir /x")),
        ("\"time -p mkdir /x\"", Some("mkdir /x")),
        ("\"xargs -0 -n 1 mkdir -p\"", Some("mkdir -p …")),
        ("\"taskset 0x3 mkdir /x\"", Some("mkdir /x")),
        ("\"taskset -p 42\"", Some("taskset -p 42")),
        ("\"flock -w 5 -n /run/lock mkdir /x\"", Some("mkdir /x")),
        ("\"flock /run/lock -c 'mkdir /x'\"", Some("-c mkdir /x")),
        ("\"systemd-cat -t app --priority=info mkdir /x\"", Some("mkdir /x")),
        ("\"systemd-inhibit --what sleep mkdir /x\"", Some("mkdir /x")),
        ("\"chroot /mnt mkdir /x\"", Some("chroot /mnt mkdir /x")),
        ("\"podman exec c mkdir /x\"", Some("podman exec c mkdir /x")),
        ("\"doas -u app ${tool} /x\"", None),
    ] {
        assert_eq!(effective(nix).as_deref(), expected, "{nix}");
    }
}

#[test]
fn scripts_of_nested_shells_are_read() {
    let nix = r#"''
      ${pkgs.bash}/bin/bash -euo pipefail -c 'mkdir -p "/a b"; test -d /c || mkdir /c' arg
      sudo -u app sh -c "cd \"${pkgs.x}\" && mkdir $DIR/\$SUB"
      bash ${script} -c 'mkdir /never'
      bash --norc -c -- 'mkdir /d'
      sh -c "sh -c 'sh -c \"sh -c mkdir\"'"
    ''"#;
    let script = script(nix);
    assert_eq!(
        shown(&script),
        "\
[${…}/bin/bash] [-euo] [pipefail] [-c] [mkdir -p \"/a b\"; test -d /c || mkdir /c] [arg]
[mkdir] [-p] [/a b] nested
[test] [-d] [/c] nested
[mkdir] [/c] conditional nested
[sudo] [-u] [app] [sh] [-c] [cd \"${…}\" && mkdir $DIR/$SUB]
[cd] [${…}] nested
[mkdir] [${…}/$SUB] conditional nested
[bash] [${…}] [-c] [mkdir /never]
[bash] [--norc] [-c] [--] [mkdir /d]
[mkdir] [/d] nested
[sh] [-c] [sh -c 'sh -c \"sh -c mkdir\"']
[sh] [-c] [sh -c \"sh -c mkdir\"] nested
[sh] [-c] [sh -c mkdir] nested
[sh] [-c] [mkdir] nested
"
    );
    assert_eq!(sources(nix, &script.commands()[1].words), ["mkdir", "-p", "\"/a b\""]);
    assert_eq!(sources(nix, &script.commands()[5].words), ["cd", r#"\"${pkgs.x}\""#]);
    assert_eq!(sources(nix, &script.commands()[6].words), ["mkdir", r"$DIR/\$SUB"]);
}

#[test]
fn constants_are_put_in() {
    let script = script(
        r#"''
          base=/var/lib/app
          data="$base/''${sub}"
          sub=x
          export LOGS=$base/logs
          conf=${pkgs.conf}/etc
          twice=1
          twice=2
          if a; then maybe=1; fi
          for each in 1 2; do true; done
          read -r given
          spaced="a b"
          ''${given:=x}
          temporary=$(mktemp -d)/x
          n=1
          echo $((n++))
          fn() { inner=1; mkdir $base/in; }
          mkdir "$data" $LOGS $conf/y $twice $maybe $each $given $spaced $temporary/z $inner $n
          late=/q
          sh -c 'base=/other; mkdir $base'
          only=1 run
          mkdir $only
        ''"#,
    );
    let resolved = |index: usize| -> Vec<String> {
        let command = &script.commands()[index];
        command.words.iter().map(|word| script.resolve(word).lossy()).collect()
    };
    let at = |text: &str| {
        let mut commands = script.commands().iter();
        commands.position(|command| show(command).contains(text)).expect("the script has the command")
    };
    assert_eq!(
        resolved(at("[$data]")).join(" "),
        "mkdir /var/lib/app/$sub /var/lib/app/logs ${…}/etc/y $twice $maybe $each $given $spaced $(…)/x/z $inner $n"
    );
    assert_eq!(resolved(at("in] function")).join(" "), "mkdir /var/lib/app/in");
    assert_eq!(resolved(at("[$base] nested")).join(" "), "mkdir /other");
    assert_eq!(resolved(at("[$only]")).join(" "), "mkdir $only");
    let constant = |name: &str| script.constant(name).map(|word| word.lossy());
    assert_eq!(constant("base").as_deref(), Some("/var/lib/app"));
    assert_eq!(constant("LOGS").as_deref(), Some("/var/lib/app/logs"));
    assert_eq!(constant("late").as_deref(), Some("/q"));
    assert_eq!(constant("data"), None);
    assert_eq!(constant("temporary"), None);
    assert_eq!(constant("missing"), None);
}

#[test]
fn nothing_is_constant_before_code_that_may_set_anything() {
    for nix in [
        "\"a=1\\n. /etc/env\\nmkdir $a\"",
        "\"a=1\\n${setup}\\nmkdir $a\"",
        "\"f() { eval x; }\\na=1\\nf\\nmkdir $a\"",
        "\"a=1\\n${name}=2\\nmkdir $a\"",
        "\"a=1\\nprintf -v \\\"$x\\\" b\\nmkdir $a\"",
        "\"a=1\\nfi\\nmkdir $a\"",
    ] {
        assert_eq!(script(nix).constant("a"), None, "{nix}");
    }
    assert!(script("\". /etc/env\\na=1\\nmkdir $a\"").constant("a").is_some());
    assert!(script("\"a=1\\nprintf '%s' \\\"$x\\\"\\nmkdir $a\"").constant("a").is_some());
}

/// What is left of `nix` when every command that runs mkdir goes, together; `None` when they may not.
fn without_mkdir(nix: &str) -> Option<String> {
    let script = script(nix);
    let commands: Vec<&Command> =
        script.commands().iter().filter(|command| command.program() == Some("mkdir")).collect();
    assert!(!commands.is_empty(), "{nix}");
    let mut result = nix.to_owned();
    for span in script.removal(&commands, nix)?.iter().rev() {
        let range = span.range();
        result.replace_range(usize::from(range.start())..usize::from(range.end()), "");
    }
    Some(result)
}

#[test]
fn whole_statements_can_go() {
    for (nix, expected) in [
        ("''\n  mkdir -p /x\n  run\n''", "''\n  run\n''"),
        ("''\n  mkdir /x;\n''", "''\n''"),
        ("''\n  a\n  mkdir -p \\\n    /x \\\n    /y >/dev/null\n  b\n''", "''\n  a\n  b\n''"),
        ("''\r\n  mkdir -p /x\r\n  run\r\n''", "''\r\n  run\r\n''"),
        (
            "''\n  if a; then\n    mkdir /x\n    chown b /x\n  fi\n''",
            "''\n  if a; then\n    chown b /x\n  fi\n''",
        ),
        ("\"\n  mkdir /x\n  f\n\"", "\"\n  f\n\""),
        ("''\n  sh -c '\n    mkdir /x\n    mkdir /y\n    run\n  '\n''", "''\n  sh -c '\n    run\n  '\n''"),
    ] {
        assert_eq!(without_mkdir(nix).as_deref(), Some(expected), "{nix:?}");
    }
}

#[test]
fn parts_of_statements_stay() {
    for nix in [
        "''mkdir /x\n  a\n''",
        "''\n  a\n  mkdir /x''",
        "\"mkdir /x\"",
        "\"a\\nmkdir /x\\nb\"",
        "''\n  mkdir /x; a\n''",
        "''\n  a; mkdir /x\n''",
        "''\n  mkdir /x &\n  a\n''",
        "''\n  mkdir /x # why\n  a\n''",
        "''\n  mkdir /x &&\n  a\n''",
        "''\n  a |\n  mkdir /x\n''",
        "''\n  ! mkdir /x\n  a\n''",
        "''\n  if\n    a\n    mkdir /x\n  then b; fi\n''",
        "''\n  if a; then\n    mkdir /x\n  fi\n''",
        "''\n  if a; then\n    mkdir /x\n    mkdir /y\n  fi\n''",
        "''\n  while\n    a\n    mkdir /x\n  do b; done\n''",
        "''\n  for x in a; do\n    mkdir /x\n  done\n''",
        "''\n  f() {\n    mkdir /x\n  }\n''",
        "''\n  x=$(\n    mkdir /x\n  )\n''",
        "''\n  sh -c '\n    mkdir /x\n  '\n''",
        "''\n  mkdir /x <<EOF\n  EOF\n  a\n''",
        "''\n  ${setup}\n  mkdir /x\n''",
        "''\n  mkdir /x\n  if a; then\n''",
    ] {
        assert_eq!(without_mkdir(nix), None, "{nix:?}");
    }
}

#[test]
fn code_between_two_pieces_of_one_command_stays() {
    let nix = "[\n  \"mkdir\n\"\n  \" /x\n\" ]";
    let piece = |text: &str, start: u32| {
        let source = Span::new(FileId(0), TextRange::at(start.into(), (text.len() as u32).into()));
        Piece::Text { text: text.into(), map: [Segment { at: 0.into(), source }].into() }
    };
    let template = Template { pieces: vec![piece("mkdir \\\n", 5), piece(" /x\n", 16)] };
    let script = parse(&template).expect("the text is shell");
    let command = find(&script, "mkdir");
    assert!(command.source().is_some());
    assert_eq!(script.removal(&[command], nix), None);
}

#[test]
fn text_without_a_source_has_no_place() {
    let text = |text: &str, map: &[Segment]| Piece::Text { text: text.into(), map: map.into() };
    let source = Span::new(FileId(3), TextRange::new(10.into(), 15.into()));
    let template = Template {
        pieces: vec![text("mkdir", &[Segment { at: 0.into(), source }]), text(" /computed", &[])],
    };
    let script = parse(&template).expect("the text is shell");
    let command = find(&script, "mkdir");
    assert_eq!((command.source(), command.anchor()), (None, Some(source)));
    assert_eq!((command.words[0].span, command.words[1].span), (Some(source), None));
    assert_eq!(script.removal(&[command], "anything"), None);
}

#[test]
fn other_interpreters_are_left_alone() {
    for first in [
        "#!/usr/bin/env python3",
        "#!${pkgs.python3}/bin/python",
        "#! /usr/bin/perl -w",
        "#!/usr/bin/env -S node",
        "#!${interpreter}",
        "#!${pkgs.x}/bin/${name}",
        "#!",
    ] {
        assert!(parse(&template(&format!("''\n{first}\nmkdir x\n''"))).is_none(), "{first}");
    }
    for first in [
        "#!/bin/sh",
        "#!${pkgs.bash}/bin/bash -e",
        "#! /usr/bin/env bash",
        "#!/usr/bin/env -S A=b bash -e",
        "# comment",
    ] {
        assert!(parse(&template(&format!("''\n{first}\nmkdir x\n''"))).is_some(), "{first}");
    }
}

#[test]
fn text_that_is_too_long_is_not_read() {
    let text = "a\n".repeat(LONGEST_SCRIPT / 2 + 1);
    let piece = Piece::Text { text: text.into(), map: Box::default() };
    assert!(parse(&Template { pieces: vec![piece] }).is_none());
}

#[test]
fn hostile_text_comes_to_an_end() {
    const DEEP: usize = 20_000;
    for text in [
        "$(".repeat(DEEP) + "mkdir x" + &")".repeat(DEEP),
        "$(".repeat(DEEP),
        "`".repeat(DEEP),
        "{ ".repeat(DEEP) + "mkdir x" + &"; }".repeat(DEEP),
        "( ".repeat(DEEP) + "mkdir x" + &" )".repeat(DEEP),
        "if a; then ".repeat(DEEP),
        "if a; then ".repeat(DEEP) + "b" + &"; fi".repeat(DEEP),
        "\"$(".repeat(DEEP),
        "${x:-".repeat(DEEP) + &"}".repeat(DEEP),
        "a && ".repeat(DEEP) + "b",
        "a | ".repeat(DEEP) + "b > c",
        "{a,".repeat(DEEP) + &"}".repeat(DEEP),
        "a".to_owned() + &"{b,c}".repeat(DEEP),
        "cat <<A\n".repeat(DEEP),
        "case x in ".repeat(DEEP),
        "x=$y ".repeat(DEEP),
        "x() { ".repeat(DEEP),
        "'\"".repeat(DEEP),
        "! ".repeat(DEEP),
        "a \\\n".repeat(DEEP),
        "$((".repeat(DEEP),
        "[[ ( ".repeat(DEEP),
        ">".repeat(DEEP),
        "\0".repeat(DEEP),
        "<<".repeat(DEEP),
        ")".repeat(DEEP),
        "x=(".repeat(DEEP),
        "a \0b\n".repeat(DEEP),
        "for ((".repeat(DEEP),
    ] {
        let piece = Piece::Text { text: text.as_str().into(), map: Box::default() };
        let script = parse(&Template { pieces: vec![piece] });
        let commands = script.map_or(0, |script| script.commands().len());
        assert!(commands <= text.len(), "{}", &text[..20]);
    }
}

#[test]
fn any_character_may_stand_in_a_word() {
    let script = script("\"mkdir /\u{fc}\u{31860} {\u{31860}} '\u{1F980}'; \u{e9}=1\"");
    assert_eq!(shown(&script), "[mkdir] [/\u{fc}\u{31860}] [{\u{31860}}] [\u{1F980}]\n[\u{e9}=1]\n");
}

#[test]
fn exec_lines_are_split_as_systemd_does() {
    let exec = |nix: &str| exec::parse(&template(nix));
    let shown = |nix: &str| {
        let commands = exec(nix)?;
        let commands = commands.iter().map(|command| {
            let words: String = command.words.iter().map(|word| format!("[{}]", word.lossy())).collect();
            format!("{}{words}", command.prefixes)
        });
        Some(commands.collect::<Vec<_>>().join(" ; "))
    };
    for (nix, expected) in [
        ("\"${pkgs.foo}/bin/foo --bar 'a b' \\\"c d\\\"e\"", Some("[${…}/bin/foo][--bar][a b][c de]")),
        ("\"-+/bin/a x\"", Some("-+[/bin/a][x]")),
        ("\"@/bin/a name x\"", Some("@[/bin/a][x]")),
        ("\"/bin/a $X \\${Y}/z b$X $$Z %h\"", Some("[/bin/a][$X][$Y/z][b$X][$Z][%h]")),
        ("\":/bin/a $X\"", Some(":[/bin/a][$X]")),
        ("\"/bin/a x ; /bin/b \\\\; y;z\"", Some("[/bin/a][x] ; [/bin/b][;][y;z]")),
        ("\"/bin/a \\\\x41\\\\s\\\\101\\\\q '\\\\n'\"", Some("[/bin/a][A A\\q][\n]")),
        ("''\n  /bin/a \\\n    -b \\\n    c\n''", Some("[/bin/a][-b][c]")),
        ("\"/bin/a x\\n/bin/b\"", Some("[/bin/a][x]")),
        ("\"/bin/a 2>/dev/null || true\"", Some("[/bin/a][2>/dev/null][||][true]")),
        ("\"/bin/a ${args} ''\"", Some("[/bin/a][${…}][]")),
        ("\"/bin/a 'x\"", None),
        ("\"- /bin/a\"", None),
        ("\"\"", Some("")),
    ] {
        assert_eq!(shown(nix).as_deref(), expected, "{nix}");
    }

    let nix = "\"/bin/a \\${Y} '$X' b$X\"";
    let commands = exec(nix).expect("the line is valid");
    let variables: Vec<bool> = commands[0]
        .words
        .iter()
        .map(|word| word.parts.iter().any(|part| matches!(part, WordPart::Variable { .. })))
        .collect();
    assert_eq!(variables, [false, true, true, false]);
    assert_eq!(sources(nix, &commands[0].words), ["/bin/a", "\\${Y}", "'$X'", "b$X"]);
}

#[test]
fn exec_lines_may_hold_scripts() {
    let nix = r#""-${pkgs.bash}/bin/sh -ec 'mkdir -p \"/x y\" ''${STATE_DIRECTORY}/z $$A && run'""#
        .replace("''$", "\\$");
    let commands = exec::parse(&template(&nix)).expect("the line is valid");
    assert_eq!(commands[0].program(), Some("sh"));
    let script = parse(commands[0].script().expect("it runs a shell")).expect("the text is shell");
    assert_eq!(shown(&script), "[mkdir] [-p] [/x y] [$STATE_DIRECTORY/z] [$A]\n[run] conditional\n");
    assert_eq!(
        sources(&nix, &find(&script, "mkdir").words),
        ["mkdir", "-p", r#"\"/x y\""#, r"\${STATE_DIRECTORY}/z", "$$A"]
    );

    let script_of = |nix: &str| {
        let commands = exec::parse(&template(nix)).expect("the line is valid");
        commands.first().and_then(ExecCommand::script).and_then(Template::as_text)
    };
    assert_eq!(script_of("\"/usr/bin/env bash -lc 'a b'\"").as_deref(), Some("a b"));
    assert_eq!(script_of("\"/bin/bash /script -c 'a b'\""), None);
    assert_eq!(script_of("\"/bin/foo -c 'a b'\""), None);
}

/// Text that is likely to meet every branch.
fn shell_text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("mkdir -p /x"),
        Just("\n"),
        Just(" "),
        Just(";"),
        Just("&&"),
        Just("|"),
        Just("$("),
        Just(")"),
        Just("`"),
        Just("\""),
        Just("'"),
        Just("${"),
        Just("}"),
        Just("{a,b}"),
        Just("$X"),
        Just("\\"),
        Just("<<EOF\n"),
        Just("EOF\n"),
        Just("if a; then\n"),
        Just("fi"),
        Just("x=1"),
        Just(">"),
        Just("#"),
        Just("sh -c "),
        Just("~"),
        Just("é"),
        Just("\0"),
        Just("\r\n"),
        Just("$'"),
        Just("(("),
        Just("case x in"),
        Just("f() {"),
        Just("done"),
        Just("for i in a; do"),
        Just("sudo -u"),
        Just("@"),
        Just("%"),
        Just("$$"),
    ];
    prop_oneof![proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat()), any::<String>()]
}

fn any_template() -> impl Strategy<Value = Template> {
    let kind = prop_oneof![
        Just(HoleKind::Any),
        Just(HoleKind::StorePath),
        Just(HoleKind::Integer),
        Just(HoleKind::ShellWord),
    ];
    let piece = prop_oneof![3 => shell_text().prop_map(Ok), 1 => kind.prop_map(Err)];
    // Every piece stands where the ones before it end, as in one string of a file.
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| {
        let mut start = 0;
        let mut template = Template::default();
        for piece in pieces {
            let len = piece.as_ref().map_or(4, |text| text.len() as u32);
            let source = Span::new(FileId(0), TextRange::at(start.into(), len.into()));
            template.pieces.push(match piece {
                Ok(text) => Piece::Text { text: text.into(), map: [Segment { at: 0.into(), source }].into() },
                Err(kind) => Piece::Hole(Hole { span: Some(source), kind, may_be_empty: true }),
            });
            start += len;
        }
        template
    })
}

proptest! {
    #[test]
    fn any_text_is_read_and_places_are_true(template in any_template()) {
        let text = template.lossy("${x}");
        let mut words: Vec<Word> = Vec::new();
        if let Some(script) = parse(&template) {
            for command in script.commands() {
                words.extend(command.words.iter().cloned());
                words.extend(command.words.iter().map(|word| script.resolve(word)));
                let _ = command.effective();
                if let Some(lines) = script.removal(&[command], &text) {
                    let mut left = text.clone();
                    left.replace_range(std::ops::Range::<usize>::from(lines[0].range()), "");
                    prop_assert!(text.is_char_boundary(lines[0].range().start().into()), "{left}");
                }
            }
        }
        for command in exec::parse(&template).unwrap_or_default() {
            words.extend(command.words);
        }
        for word in words {
            let Some(span) = word.span else { continue };
            let source = text.get(std::ops::Range::<usize>::from(span.range()));
            prop_assert!(source.is_some(), "{span:?} is outside of the text");
            let source = source.unwrap_or_default();
            prop_assert!(!source.is_empty());
            if let Some(literal) = word.as_literal() && !source.contains(['\\', '\'', '"', '{', '$']) {
                prop_assert_eq!(source, literal);
            }
        }
    }
}
