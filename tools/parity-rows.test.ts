import { expect, test } from 'vitest'
import { rowsOf, tableOf } from './parity-rows.ts'

const records = [
  { file: 'noise', name: 'seed1', difference: 0 },
  { file: 'samplers_tiny', name: 'euler.normal.4', difference: 2e-6 },
  { file: 'samplers_tiny', name: 'euler.normal.4', difference: 5e-6 },
  { file: 'samplers_tiny', name: 'lcm.karras.6', difference: 3e-6 },
  { file: 'flux_dev_mini', name: 'raw.t500', difference: 6e-5 },
  { file: 'flux_dev_mini', name: 'euler.simple.4', difference: 6e-5 },
  { file: 'something_new', name: 'x', difference: 1e-6 },
]

test('a golden is one case, at its worst, in the row of its family and bar', () => {
  expect(
    rowsOf(records).map(({ family, cases, largest, worst, bar }) => [
      family,
      cases,
      largest,
      worst,
      bar,
    ]),
  ).toEqual([
    ['Noise of PyTorch’s generator', 1, 0, 'seed1', 0],
    ['SD 1.5 runs: samplers, areas, masks, inpainting, LoRA', 2, 5e-6, 'euler.normal.4', 1e-3],
    ['Flux', 1, 6e-5, 'raw.t500', 5e-5],
    ['Flux', 1, 6e-5, 'euler.simple.4', 1e-3],
    ['something_new', 1, 1e-6, 'x', 5e-5],
  ])
})

test('the table says what is above its bar', () => {
  const lines = tableOf(rowsOf(records)).split('\n')
  expect(lines).toContain('| Flux | 1 | 6.0e-5 | `raw.t500` | 5.0e-5 | **no** |')
  expect(lines).toContain('| Flux | 1 | 6.0e-5 | `euler.simple.4` | 1.0e-3 | yes |')
  expect(lines).toContain('| Noise of PyTorch’s generator | 1 | 0 |  | 0 | yes |')
})
