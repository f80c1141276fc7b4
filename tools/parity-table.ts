// Writes docs/parity.md: how far this engine is from ComfyUI on each golden of ../shared/goldens.
//
//   node tools/parity-table.ts          what `npm test` compares by default
//   node tools/parity-table.ts --all    every sampler and schedule as well (minutes)
//
// It runs the tests that compare with goldens and puts into a table what they measured. Exit 1 when
// a test fails or a difference is above its bar.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ParityRecord } from '../engine/models/fixtures/parity-record.ts'
import { type Row, rowsOf, tableOf } from './parity-rows.ts'

const repository = resolve(import.meta.dirname, '..')
const all = process.argv.includes('--all')

/** Tests that take numbers from ComfyUI. */
const comparing = ['engine/sampling', 'engine/models', 'engine/image/goldens.test.ts']

function measure(): { records: ParityRecord[]; passed: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-parity-table-'))
  try {
    const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
    const args = [vitest, 'run', '--project', 'unit', '--reporter', 'dot', ...comparing]
    const { status } = spawnSync(process.execPath, args, {
      cwd: repository,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, PARITY_RECORD: folder, ...(all && { PARITY: 'all' }) },
    })
    const lines = readdirSync(folder).flatMap(name =>
      readFileSync(join(folder, name), 'utf8').trim().split('\n'),
    )
    return { records: lines.map(line => JSON.parse(line)), passed: status === 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function page(rows: readonly Row[]): string {
  const cases = rows.reduce((sum, row) => sum + row.cases, 0)
  return `# Parity with ComfyUI

Written by \`node tools/parity-table.ts${all ? ' --all' : ''}\`; do not edit.

${cases} comparisons with reference numbers: those of ComfyUI 0.3.64 (CPU, fp32), or of diffusers or PyTorch
where the table says so. The models have random weights, which are harder than trained ones: every
layer matters. A difference is the largest one of a case, as a share of the largest value wanted; of
noise levels and pictures it is the difference itself. ComfyUI differs from itself by 1e-5 between thread counts.

${tableOf(rows)}`
}

if (!existsSync(resolve(repository, '../shared/goldens'))) {
  process.stderr.write('../shared/goldens is not here: there is nothing to compare with.\n')
  process.exit(1)
}
const { records, passed } = measure()
const rows = rowsOf(records)
writeFileSync(join(repository, 'docs/parity.md'), page(rows))
process.stdout.write(tableOf(rows))
if (!passed) process.stderr.write('A test failed: run it with vitest to see which.\n')
process.exitCode = passed && rows.every(row => row.largest <= row.bar) ? 0 : 1
