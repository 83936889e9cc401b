-- Drives a debug session with nvim-dap: reads what every stop shows, continues, and quits nvim when the session is over.
-- HDS_NVIM_DAP_SESSION is JSON: command and arguments of the adapter, the launch configuration, a folder for the plugin's
-- log, the limit in milliseconds and perhaps the folder of the plugin. Every line of stdout is JSON with a "kind": what
-- happened, in order.

local wanted = vim.json.decode(vim.env.HDS_NVIM_DAP_SESSION)
local NAME = 'hyperdbg-test'
local is_over = false

local function tell(kind, facts)
  io.stdout:write(vim.json.encode(vim.tbl_extend('error', { kind = kind }, facts or {})) .. '\n')
  io.stdout:flush()
end

local function finish(status)
  if is_over then
    return
  end
  is_over = true
  -- A listener may run where commands are not allowed.
  vim.schedule(function()
    vim.cmd(status == 0 and 'qall!' or ('cquit ' .. status))
  end)
end

local function fail(text)
  if not is_over then
    tell('problem', { text = text })
  end
  finish(1)
end

--- An error in a callback would only be printed, and nvim would go on waiting.
local function guarded(work)
  return function(...)
    local passed, problem = pcall(work, ...)
    if not passed then
      fail(tostring(problem))
    end
  end
end

local function has_plugin(folder)
  return vim.fn.filereadable(folder .. '/lua/dap.lua') == 1
end

local function plugin_folders()
  if wanted.plugin then
    if not has_plugin(wanted.plugin) then
      error('HDS_NVIM_DAP names ' .. wanted.plugin .. ', where there is no lua/dap.lua', 0)
    end
    return { wanted.plugin }
  end
  local folders = {}
  for _, pattern in ipairs({ 'pack/*/start/nvim-dap', 'pack/*/opt/nvim-dap' }) do
    vim.list_extend(folders, vim.fn.globpath(vim.o.packpath, pattern, true, true))
  end
  return vim.list_extend(folders, { vim.fn.stdpath('data') .. '/lazy/nvim-dap' })
end

--- The user's log stays clean. XDG_CACHE_HOME would do the same to nvim-dap, but the adapter looks there for its library.
local function redirect_log()
  local stdpath = vim.fn.stdpath
  vim.fn.stdpath = function(what)
    return vim.tbl_contains({ 'cache', 'log', 'state' }, what) and wanted.logFolder or stdpath(what)
  end
end

local function load_plugin()
  for _, folder in ipairs(plugin_folders()) do
    if has_plugin(folder) then
      vim.opt.runtimepath:append(folder)
      local is_loaded, result = pcall(require, 'dap')
      if is_loaded then
        return result
      end
      return nil, 'this nvim cannot load the nvim-dap of ' .. folder .. ': ' .. vim.split(tostring(result), '\n')[1]
    end
  end
  return nil, 'nvim-dap is not installed for nvim; HDS_NVIM_DAP may name its folder'
end

local function go_on(task, ...)
  local passed, problem = coroutine.resume(task, ...)
  if not passed then
    fail(tostring(problem))
  end
end

--- Sends a request from a coroutine and returns the body of the answer; an answer that is an error is raised.
local function ask(session, command, arguments)
  local task = coroutine.running()
  session:request(command, arguments, function(problem, body)
    go_on(task, problem, body)
  end)
  local problem, body = coroutine.yield()
  if problem then
    error('"' .. command .. '" failed: ' .. tostring(problem.message), 0)
  end
  return body
end

local function read_stop(session, event)
  local threads = ask(session, 'threads').threads
  local frames = ask(session, 'stackTrace', { threadId = event.threadId }).stackFrames
  local scopes = ask(session, 'scopes', { frameId = frames[1].id }).scopes
  local scope = vim.tbl_filter(function(candidate)
    return candidate.presentationHint == 'registers'
  end, scopes)[1]
  assert(scope, 'no scope of the frame has registers')
  local registers = ask(session, 'variables', { variablesReference = scope.variablesReference }).variables
  local instructions = ask(session, 'disassemble', {
    memoryReference = frames[1].instructionPointerReference,
    instructionOffset = -3,
    instructionCount = 8,
  }).instructions
  return { event = event, threads = threads, frames = frames, registers = registers, instructions = instructions }
end

local function listen(dap)
  local before, after = dap.listeners.before, dap.listeners.after
  for _, command in ipairs({ 'initialize', 'launch' }) do
    before[command][NAME] = guarded(function(_, problem)
      if problem then
        fail('"' .. command .. '" failed: ' .. tostring(problem.message))
      end
    end)
  end
  before.event_output[NAME] = guarded(function(_, body)
    tell('output', { category = body.category, output = body.output, line = body.line })
  end)
  after.event_stopped[NAME] = function(session, event)
    go_on(coroutine.create(function()
      tell('stopped', read_stop(session, event))
      -- nvim-dap asked for the threads before this file did, so that it knows by now which one stopped.
      dap.continue()
    end))
  end
  before.event_exited[NAME] = guarded(function(_, body)
    tell('exited', { exitCode = body.exitCode })
  end)
  after.event_terminated[NAME] = guarded(function()
    tell('terminated')
    finish(0)
  end)
end

--- Tells when the adapter ends before its session does. A version of nvim-dap that cannot tell leaves that to the limit.
local function watch(dap)
  local session = dap.session()
  if not session or not session.on_close then
    return
  end
  local has_terminated = false
  dap.listeners.before.event_terminated[NAME] = function()
    has_terminated = true
  end
  session.on_close[NAME] = function()
    if not has_terminated then
      fail('the adapter ended before the session did')
    end
  end
end

local function run()
  redirect_log()
  local dap, reason = load_plugin()
  if not dap then
    tell('missing', { text = reason })
    return finish(0)
  end
  vim.notify = function(text, level)
    tell('notice', { text = text, isComplaint = (level or vim.log.levels.INFO) >= vim.log.levels.WARN })
  end
  dap.adapters.hyperdbg = { type = 'executable', command = wanted.command, args = wanted.arguments }
  listen(dap)
  vim.defer_fn(function()
    fail('the session was not over after ' .. wanted.limitMs .. ' ms')
  end, wanted.limitMs)
  dap.run(wanted.configuration)
  watch(dap)
end

guarded(run)()
