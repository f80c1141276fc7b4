// Electron's program is not in its npm package: it is fetched on the first start. Where that cannot
// be had (no network, no screen) the app opens in the browser instead, and says why.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { nodeBinary, root } from './node24.mjs'

const require = createRequire(import.meta.url)
const dayMs = 24 * 60 * 60 * 1000
const fetchTimeoutMs = 120_000

function installed() {
  const folder = join(root, 'node_modules/electron')
  const nameFile = join(folder, 'path.txt')
  if (!existsSync(nameFile)) return undefined
  const program = join(folder, 'dist', readFileSync(nameFile, 'utf8'))
  return existsSync(program) ? program : undefined
}

/** @returns `{ program }`, or `{ why }` in words for the one line that `npm start` prints */
export function findElectron() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return { why: 'no screen found' }
  const program = installed()
  if (program) return { program }

  // A failed fetch is not tried again for a day: the second start stays quick.
  const note = join(root, '.cache', 'electron-not-fetched')
  const noted = statSync(note, { throwIfNoEntry: false })
  if (noted && Date.now() - noted.mtimeMs < dayMs) return { why: 'Electron could not be fetched' }

  process.stderr.write('Fetching Electron (once, about 110 MB) …\n')
  const install = require.resolve('electron/install.js')
  spawnSync(nodeBinary, [install], { stdio: 'ignore', timeout: fetchTimeoutMs })
  const fetched = installed()
  if (fetched) return { program: fetched }
  mkdirSync(join(root, '.cache'), { recursive: true })
  writeFileSync(note, 'Delete this file to try again at once.\n')
  return { why: 'Electron could not be fetched' }
}
