// `npm test`: format and lint, types, unit tests, then the journeys in a real browser. Ends with
// `N passed, N failed`. `npm test -- unit` runs one part (check, unit, cloud, e2e).
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nodeBinary, nodeEnv, root } from './node24.mjs'

const only = process.argv.slice(2)
const wanted = part => only.length === 0 || only.includes(part)
const tool = path => join(root, 'node_modules', path)
const totals = { passed: 0, failed: 0, skipped: 0 }

function run(args) {
  return spawnSync(nodeBinary, args, { cwd: root, stdio: 'inherit', env: nodeEnv }).status === 0
}

function check(name, ok) {
  console.log(`${ok ? '✓' : '✗'} ${name}`)
  totals[ok ? 'passed' : 'failed']++
}

function vitest(project, ...options) {
  const report = join(root, '.cache', `vitest-${project}.json`)
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const ok = run([tool('vitest/vitest.mjs'), 'run', '--project', project, ...reporters, ...options])
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'))
    totals.passed += result.numPassedTests
    totals.skipped += result.numPendingTests + result.numTodoTests
    // A file that does not load, or an error outside any test, counts as one failure.
    totals.failed += ok ? 0 : Math.max(1, result.numFailedTests)
  } catch {
    check(`${project} tests ran`, false)
  }
}

if (wanted('check')) {
  check(
    'format and lint',
    run([tool('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '.']),
  )
  const compiler = tool('typescript/bin/tsc')
  for (const project of [
    'engine/tsconfig.json',
    'renderer/tsconfig.json',
    'supabase/tsconfig.json',
    'tsconfig.json',
  ])
    check(`types: ${project}`, run([compiler, '-p', project]))
}
// Vitest leaves one core to itself, which is half of a small machine. The journeys keep it: two
// browsers with their engines at once make what people wait for slower than it is.
const everyCore = '--maxWorkers=100%'
if (wanted('unit')) vitest('unit', everyCore)
if (wanted('cloud')) vitest('cloud', everyCore)
if (wanted('e2e')) vitest('e2e')

const skipped = totals.skipped ? `, ${totals.skipped} skipped` : ''
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`)
process.exitCode = totals.failed ? 1 : 0
