"""A client made of pygls: asks for UTF-8 positions, pulls diagnostics, applies a code action, pulls again.

Arguments: the program, the folder of the flake, a file below it, the code of a finding with a safe fix.
"""

import asyncio
import pathlib
import sys

from lsprotocol import types
from pygls.lsp.client import LanguageClient


def edited(text: str, edits: list[types.TextEdit]) -> str:
    """The text after edits whose columns count bytes."""
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = text.encode()
    offset = lambda place: min(starts[min(place.line, len(lines))] + place.character, len(data))
    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        data = data[: offset(edit.range.start)] + edit.new_text.encode() + data[offset(edit.range.end) :]
    return data.decode()


async def main(program: str, project: str, name: str, code: str) -> None:
    path = pathlib.Path(project, name)
    uri, text = path.as_uri(), "# é 日本 🦀\n" + path.read_text()
    client = LanguageClient("pulls", "1")
    pushed: dict[str, list] = {}

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: types.PublishDiagnosticsParams) -> None:
        pushed[params.uri] = list(params.diagnostics)

    await client.start_io(program, "lsp")
    hello = await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                general=types.GeneralClientCapabilities(position_encodings=["utf-8", "utf-16"]),
                text_document=types.TextDocumentClientCapabilities(
                    diagnostic=types.DiagnosticClientCapabilities(),
                    code_action=types.CodeActionClientCapabilities(
                        code_action_literal_support=types.ClientCodeActionLiteralOptions(
                            code_action_kind=types.ClientCodeActionKindOptions(value_set=["quickfix"])
                        )
                    ),
                ),
            ),
            workspace_folders=[types.WorkspaceFolder(uri=pathlib.Path(project).as_uri(), name="project")],
        )
    )
    assert hello.capabilities.position_encoding == "utf-8", hello
    assert hello.capabilities.diagnostic_provider is not None, hello
    client.initialized(types.InitializedParams())
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(
            types.TextDocumentItem(uri=uri, language_id="nix", version=1, text=text)
        )
    )

    async def pull() -> list[types.Diagnostic]:
        document = types.TextDocumentIdentifier(uri)
        report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
        assert report.kind == "full", report
        return [item for item in report.items if item.code == code]

    before = await pull()
    assert before, "the finding is there"
    lines = text.encode().split(b"\n")
    for item in before:
        assert item.range.end.character <= len(lines[item.range.end.line]), item
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri),
            range=before[0].range,
            context=types.CodeActionContext(diagnostics=before[:1]),
        )
    )
    action = next(action for action in actions if action.is_preferred)
    text = edited(text, action.edit.changes[uri])
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=2),
            content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
        )
    )
    after = await pull()
    assert len(after) < len(before), (before, after)
    assert not pushed.get(uri), "an open document is not pushed to a client that pulls"
    assert any(pushed.values()), "other files are"
    await client.shutdown_async(None)
    client.exit(None)
    print(f"ok: {action.title} ({len(before)} -> {len(after)}, utf-8)")


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 120))
