import { expect, it } from 'vitest'
import { readJson } from '../graph/json.ts'
import { tensor } from '../tensor.ts'
import { summarizeInputs } from './input-summary.ts'

it('tells plain values as they are and big ones by their kind, within bounds', () => {
  const lists = {
    text: ['a', 'x'.repeat(5000)],
    seed: [2n ** 64n - 1n, readJson('1.50')],
    image: [tensor([1, 2, 2, 3])],
    many: Array.from({ length: 100 }, (_, i) => i),
    model: [{ huge: new Float32Array(9) }, [1, 2], undefined],
    prompt: [{}],
  }
  const told = summarizeInputs(lists, ['prompt'])
  expect(told).toEqual({
    text: ['a', `${'x'.repeat(2000)}…`],
    seed: [18446744073709551615n, 1.5],
    image: ['tensor [1, 2, 2, 3]'],
    many: Array.from({ length: 16 }, (_, i) => i),
    model: ['object', 'list of 2', null],
  })
})
