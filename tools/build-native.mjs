// Compiles native/ for this machine when neither a prebuild nor an earlier build fits its sources.
// Never fails: without a compiler, or on a system it does not know, the JS twins do the same work.
// `--prebuild` writes native/prebuilds/ instead, for committing. Plain JS, as tools/setup.mjs is.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nativeFolder, nativeHash, nativeSources } from './native-sources.mjs'

const name = `${process.platform}-${process.arch}.node`
const built = join(nativeFolder, 'build', name)
const prebuilt = join(nativeFolder, 'prebuilds', name)

/** Every build carries the hash of what it was made from: file times mean nothing after a clone. */
const fits = path => existsSync(path) && readFileSync(path).includes(nativeHash)

function flags() {
  // No contraction to fused multiply-adds: they round once where the JS twins round twice.
  const all = ['-std=c++17', '-O3', '-ffp-contract=off', '-fno-exceptions', '-fno-rtti']
  const library = ['-shared', '-fPIC', '-fvisibility=hidden', `-DSOURCE_HASH="${nativeHash}"`]
  const system = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-s']
  const processor = process.arch === 'x64' ? ['-msse4.2'] : []
  const headers = ['-I', join(nativeFolder, '../node_modules/node-api-headers/include')]
  return [...all, ...library, ...system, ...processor, ...headers]
}

/** One call of the first compiler that does it. The file appears whole or not at all. */
function compile(target) {
  mkdirSync(dirname(target), { recursive: true })
  const unfinished = `${target}.${process.pid}`
  const files = nativeSources.filter(path => path.endsWith('.cc'))
  for (const compiler of [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean)) {
    const args = [...flags(), ...files, '-o', unfinished]
    const { status } = spawnSync(compiler, args, { stdio: 'ignore', timeout: 180_000 })
    if (status !== 0) continue
    renameSync(unfinished, target)
    return true
  }
  rmSync(unfinished, { force: true })
  return false
}

try {
  const target = process.argv.includes('--prebuild') ? prebuilt : built
  // An old build would be taken before a newer prebuild.
  if (existsSync(built) && !fits(built)) rmSync(built)
  if (!fits(target) && !(target === built && fits(prebuilt)) && process.platform !== 'win32') {
    process.stderr.write('Compiling the pixel kernels …\n')
    if (!compile(target))
      process.stderr.write('No C++ compiler does it; using JavaScript instead.\n')
  }
} catch (error) {
  process.stderr.write(
    `The pixel kernels were not compiled (${error.message}); using JavaScript.\n`,
  )
}
