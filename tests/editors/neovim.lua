-- Neovim's own client: sees a finding, applies the preferred fix, sees the finding gone.
-- NIXLINT is the program, PROJECT the folder of the flake, FILE a file below it with the finding CODE.
local uv = vim.loop
local program, project = os.getenv("NIXLINT"), os.getenv("PROJECT")
local file, code = project .. "/" .. os.getenv("FILE"), os.getenv("CODE")

local function fail(message)
  io.stderr:write("FAILED: " .. message .. "\n")
  vim.cmd("cquit 1")
end

local function main()
  vim.cmd("edit " .. vim.fn.fnameescape(file))
  local buffer = vim.api.nvim_get_current_buf()
  local pushes = 0
  local client = vim.lsp.start_client({
    name = "nixlint",
    cmd = { program, "lsp" },
    root_dir = project,
    handlers = {
      ["textDocument/publishDiagnostics"] = function(...)
        pushes = pushes + 1
        return vim.lsp.diagnostic.on_publish_diagnostics(...)
      end,
    },
  })
  if not client then
    return fail("the server does not start")
  end
  vim.lsp.buf_attach_client(buffer, client)

  local function found()
    local list = {}
    for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
      if diagnostic.code == code or (diagnostic.user_data and diagnostic.user_data.lsp.code == code) then
        table.insert(list, diagnostic)
      end
    end
    return list
  end
  if not vim.wait(30000, function() return #found() > 0 end, 50) then
    return fail("no " .. code .. " after " .. pushes .. " pushes: " .. vim.inspect(vim.diagnostic.get(buffer)))
  end
  local before = #found()
  local first = found()[1]

  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    range = {
      start = { line = first.lnum, character = first.col },
      ["end"] = { line = first.end_lnum, character = first.end_col },
    },
    context = { diagnostics = {} },
  }
  local answers = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", params, 30000)
  local chosen
  for _, answer in pairs(answers or {}) do
    for _, action in ipairs(answer.result or {}) do
      if action.isPreferred and not chosen then
        chosen = action
      end
    end
  end
  if not chosen then
    return fail("no preferred action: " .. vim.inspect(answers))
  end
  local encoding = vim.lsp.get_client_by_id(client).offset_encoding
  vim.lsp.util.apply_workspace_edit(chosen.edit, encoding)
  if not vim.wait(30000, function() return #found() < before end, 50) then
    return fail("still there after: " .. chosen.title)
  end
  io.stdout:write("ok: " .. chosen.title .. " (" .. before .. " -> " .. #found() .. ", " .. encoding .. ")\n")
  vim.lsp.stop_client(client)
  vim.wait(2000, function() return vim.lsp.client_is_stopped(client) end, 20)
  vim.cmd("qall!")
end

local ok, message = pcall(main)
if not ok then
  fail(tostring(message))
end
