// `npm start`: the desktop app where Electron can be had, otherwise the same app in the browser.
//   --no-open   print the address, open nothing       --browser   do not look for Electron
//   --port N    the browser's port (8190)             further flags go to `comfyrunner serve`
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findElectron } from './electron-binary.mjs'
import { node24, nodeBinary, nodeEnv, root } from './node24.mjs'

const flags = process.argv.slice(2)
const take = flag => {
  const at = flags.indexOf(flag)
  if (at < 0) return false
  flags.splice(at, 1)
  return true
}
const noOpen = take('--no-open')
const browserOnly = take('--browser') || noOpen

const electron = browserOnly ? { why: undefined } : findElectron()
process.exitCode = electron.program ? await openDesktop(electron.program) : await openBrowser()

async function openDesktop(program) {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  spawnSync(nodeBinary, [vite, 'build', '--app', '--logLevel', 'warn'], {
    cwd: root,
    stdio: 'inherit',
  })
  const child = spawn(program, [root, ...flags], { stdio: 'inherit' })
  return new Promise(resolve => child.on('exit', code => resolve(code ?? 1)))
}

async function openBrowser() {
  if (electron.why) console.log(`Opening in the browser: ${electron.why}.`)
  if (!flags.includes('--port')) flags.push('--port', String(await freePort(8190)))
  const args = [join(root, 'engine/host/cli.ts'), 'serve', ...flags]
  if (noOpen) return node24(args)
  // The address is the only line on stdout that begins with http.
  const child = spawn(nodeBinary, args, { stdio: ['inherit', 'pipe', 'inherit'], env: nodeEnv })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  let opened = false
  child.stdout.setEncoding('utf8').on('data', text => {
    process.stdout.write(text)
    const address = /https?:\/\/\S+/.exec(text)?.[0]
    if (address && !opened) opened = showPage(address)
  })
  return new Promise(resolve => child.on('exit', code => resolve(code ?? 1)))
}

/** The preferred port if nobody has it, else one that is free. */
function freePort(preferred) {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () =>
      preferred === 0 ? reject(new Error('no free port')) : resolve(freePort(0)),
    )
    probe.listen(preferred, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

function showPage(address) {
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[
    process.platform
  ] ?? ['xdg-open']
  spawn(command, [...args, address], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
  return true
}
