// The invariants of ARCHITECTURE.md that concern who may import whom, held against the sources.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const isTest = (file: string) => /\.test\.tsx?$|\/fixtures\//.test(file)

const sources = globSync(
  ['engine', 'electron', 'renderer', 'bench', 'e2e'].map(d => `${d}/**/*.{ts,tsx}`),
  {
    cwd: root,
  },
)
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => !isTest(file))

const text = new Map(sources.map(file => [file, readFileSync(join(root, file), 'utf8')]))
const withoutComments = (source: string) =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')

/**
 * What a file imports: packages by name, files of ours by their path from the root. A name has no
 * space, so the type `'from' | 'to'` is none.
 */
function imports(file: string): string[] {
  const found = withoutComments(text.get(file)!).matchAll(
    /(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^'"\s]+)['"]/g,
  )
  return [...found].map(([, name]) =>
    name!.startsWith('.') ? normalize(join(dirname(file), name!)).replaceAll('\\', '/') : name!,
  )
}

/** What is loaded with a file: neither types nor `import()`. */
function staticImports(file: string): string[] {
  const source = withoutComments(text.get(file)!).replace(
    /import\s+type\b[^'"]*['"][^'"]+['"]/g,
    '',
  )
  return [...source.matchAll(/\bfrom\s*['"]([^'"\s]+)['"]/g)].map(([, name]) =>
    name!.startsWith('.') ? normalize(join(dirname(file), name!)).replaceAll('\\', '/') : name!,
  )
}

/** Every import of `from` that `allowed` refuses, as `file → import`. */
const offences = (from: RegExp, allowed: (name: string) => boolean) =>
  sources
    .filter(file => from.test(file))
    .flatMap(file =>
      imports(file)
        .filter(name => !allowed(name))
        .map(name => `${file} → ${name}`),
    )

const ours = (name: string) => /^(engine|electron|renderer|bench|e2e)\//.test(name)

test('there is something to look at', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.flatMap(imports).filter(ours).length).toBeGreaterThan(100)
})

test('engine/ knows neither the shell nor the page', () => {
  const allowed = (name: string) =>
    !/^(electron|react|react-dom|@xyflow\/react|zustand)(\/|$)/.test(name) &&
    !/^(electron|renderer)\//.test(name)
  expect(offences(/^engine\//, allowed)).toEqual([])
})

test('engine/graph is pure: itself, zod and the number-preserving JSON reader', () => {
  const allowed = (name: string) =>
    name.startsWith('engine/graph/') || /^(zod|lossless-json)$/.test(name)
  expect(offences(/^engine\/graph\//, allowed)).toEqual([])
})

test('engine/inference knows no model, sampler or node', () => {
  const allowed = (name: string) => !ours(name) || /^engine\/(inference\/|tensor\.ts$)/.test(name)
  expect(offences(/^engine\/inference\//, allowed)).toEqual([])
})

test('models and samplers run without the nodes', () => {
  const found = sources
    .filter(file => /^engine\/(models|sampling)\//.test(file))
    .flatMap(file => staticImports(file).map(name => `${file} → ${name}`))
    .filter(line => / → engine\/nodes\//.test(line))
  expect(found).toEqual([])
})

test('the contract knows only the graph', () => {
  const allowed = (name: string) =>
    /^engine\/(graph\/|api\/contract)/.test(name) || /^(zod|@orpc\/contract)$/.test(name)
  expect(offences(/^engine\/api\/contract[^/]*\.ts$/, allowed)).toEqual([])
})

test('the page takes engine/graph and the contract, nothing else of the engine', () => {
  const allowed = (name: string) =>
    ours(name)
      ? /^(renderer\/|engine\/graph\/|engine\/api\/contract[^/]*\.ts$)/.test(name)
      : !/^(node:|electron|better-sqlite3|sharp|onnxruntime-node|hono)/.test(name)
  expect(offences(/^renderer\/src\//, allowed)).toEqual([])
})

test('only electron/ imports electron', () => {
  expect(offences(/^(engine|renderer|bench|e2e)\//, name => name !== 'electron')).toEqual([])
})

test('the executor does not know the server, the store or the shell', () => {
  const allowed = (name: string) => !/^engine\/(host|store|api|backends)\//.test(name)
  expect(offences(/^engine\/(run|nodes|inference|models|sampling|image)\//, allowed)).toEqual([])
})

test('requests leave the machine through engine/host/http-client.ts alone', () => {
  const speaks =
    /(?<![.\w])fetch\s*\(|globalThis\.fetch|from\s+['"](?:node:)?(?:https?|net|tls|dgram|http2)['"]/
  const servers = new Set([
    'engine/host/http-client.ts',
    'engine/host/serve.ts',
    // Listens for the browser's return; asks nothing.
    'engine/host/loopback.ts',
  ])
  const speakers = sources.filter(
    file =>
      file.startsWith('engine/') &&
      !servers.has(file) &&
      speaks.test(withoutComments(text.get(file)!)),
  )
  expect(speakers).toEqual([])
})

test('nothing of the account loads for people who never sign in', () => {
  const heavy =
    /^(engine\/account\/(?!cloud-config|account-error)|renderer\/src\/rooms\/account\/|@supabase\/)/
  const loads = sources
    .filter(file => !/^(engine\/account|renderer\/src\/rooms\/account)\//.test(file))
    .flatMap(file => staticImports(file).map(name => `${file} → ${name}`))
    .filter(line => heavy.test(line.split(' → ')[1]!))
  expect(loads).toEqual([])
})

test('no module imports itself in a circle at run time', () => {
  const runtime = new Map(
    sources.map(file => [file, staticImports(file).filter(name => text.has(name))] as const),
  )
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const visit = (file: string, path: string[]) => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const next of runtime.get(file) ?? []) visit(next, [...path, file])
    state.set(file, 'done')
  }
  for (const file of sources) visit(file, [])
  expect(circles).toEqual([])
})
