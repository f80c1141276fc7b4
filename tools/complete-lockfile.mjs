// Run after `npm install NEW`, in the package's folder or with it as argument: puts other platforms' optional packages back into package-lock.json.
// npm leaves out what its registry did not answer for, and a lockfile made behind a mirror that only
// holds one platform then fails `npm ci` everywhere. What is added here follows from the packages'
// own lists: name, exact version, and the platform that the name says.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const file = resolve(process.argv[2] ?? '.', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
]
const processors = [
  'arm64',
  'x64',
  'ia32',
  'arm',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
]

/** `@scope/thing-linux-arm64-musl` → `{ os: ['linux'], cpu: ['arm64'], libc: ['musl'] }` */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = words
    .map(word => (word === 'windows' ? 'win32' : word))
    .find(word => systems.includes(word))
  const cpu =
    words.find(word => processors.includes(word)) ?? words.find(word => /^(armv\d|arm)/.test(word))
  const libc =
    os === 'linux' && words.some(word => word.startsWith('musl') || word === 'linuxmusl')
      ? 'musl'
      : undefined
  return {
    ...(cpu && { cpu: [cpu.startsWith('armv') ? 'arm' : cpu] }),
    ...(libc && { libc: [libc] }),
    ...(os && { os: [os] }),
  }
}

/** Whether node finds `name` from the package at `from`, looking upwards as it does. */
function resolves(from, name) {
  const parts = from.split('/node_modules/')
  return parts
    .map((_, i) => `${parts.slice(0, i + 1).join('/node_modules/')}/node_modules/${name}`)
    .concat(`node_modules/${name}`)
    .some(path => path in lock.packages)
}

let added = 0
for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = platformOf(name)
    if (resolves(path, name) || !platform.cpu || !/^\d/.test(version)) continue
    const parent = lock.packages[path]
    const nested = lock.packages[`node_modules/${name}`]
      ? `${path}/node_modules/${name}`
      : `node_modules/${name}`
    lock.packages[nested] = {
      version,
      ...platform,
      ...(parent.dev && { dev: true }),
      optional: true,
    }
    added++
  }
}
const [root, ...others] = Object.entries(lock.packages)
others.sort(([a], [b]) => (a < b ? -1 : 1))
lock.packages = Object.fromEntries([root, ...others])
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages of other platforms added.`)
