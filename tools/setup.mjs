// Makes a bare clone ready to run: packages, Node 24, the page. Plain JS without dependencies, since
// it runs before anything is installed, under whatever Node ≥ 20 the machine has. Quick when nothing
// changed. `--quiet` speaks only when there is work; `--no-page` skips building the page; `--cloud`
// installs what the local cloud and its tests need as well (supabase/package.json).
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const quiet = process.argv.includes('--quiet')
const at = path => join(root, path)
const say = words => process.stderr.write(`${words}\n`)

if (Number(process.versions.node.split('.')[0]) < 20) {
  say(`ComfyRunner needs Node 20 or newer; this is ${process.version}. See https://nodejs.org`)
  process.exit(1)
}

/** Runs a program with its output on stderr: stdout belongs to the command that comes after. */
function run(command, args, hint, folder = '.') {
  const windowsShell = process.platform === 'win32' && command === 'npm'
  const { status, error } = spawnSync(command, args, {
    cwd: at(folder),
    stdio: ['ignore', 2, 2],
    shell: windowsShell,
  })
  if (status === 0) return
  say(
    `\nSetup stopped: \`${command} ${args.join(' ')}\` failed${error ? ` (${error.message})` : ''}.`,
  )
  say(hint)
  process.exit(1)
}

const readIfThere = path => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** Packages of one folder: a stamp of the lockfile and the platform says whether `npm ci` is due. */
function installPackages(folder, words) {
  const stampFile = at(join(folder, 'node_modules/.comfyrunner-stamp'))
  const stamp = createHash('sha256')
    .update(readFileSync(at(join(folder, 'package-lock.json'))))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex')
  if (readIfThere(stampFile) === stamp) return
  say(words)
  const install = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', install, 'Check the network and try again.', folder)
  // Install scripts are off (.npmrc); Node 24 itself is the one package that needs its own.
  if (folder === '.')
    run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], 'Try again.')
  writeFileSync(stampFile, stamp)
}

/** Newest change below a path, in ms. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce(
    (ms, name) => Math.max(ms, newest(join(path, name))),
    stat.mtimeMs,
  )
}

/** The page: built again when anything it is made of is newer than the last build. */
function buildPage() {
  const built = newest(at('dist/renderer/index.html'))
  const sources = ['renderer', 'engine/graph', 'engine/api', 'vite.config.ts', 'package-lock.json']
  if (built > Math.max(...sources.map(path => newest(at(path))))) return
  if (!quiet) say('Building the page …')
  const vite = at('node_modules/vite/bin/vite.js')
  run(nodeBinary(), [vite, 'build', '--logLevel', 'warn'], 'The page does not build; see above.')
}

/** The native pixel kernels, where no prebuild fits and there is a compiler. Never fails. */
function buildKernels() {
  spawnSync(nodeBinary(), [at('tools/build-native.mjs')], { stdio: ['ignore', 2, 2] })
}

function nodeBinary() {
  return at(`node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`)
}

installPackages('.', 'Installing packages (once, about a minute) …')
if (process.argv.includes('--cloud'))
  installPackages('supabase', 'Installing the local cloud (once, half a minute) …')
if (!quiet) buildKernels()
if (!process.argv.includes('--no-page')) buildPage()
