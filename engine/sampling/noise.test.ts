import { describe, expect, test } from 'vitest'
import { recordComparison } from '../models/fixtures/parity-record.ts'
import { fixtureTensors } from './fixtures/tensors.ts'
import { initialNoise, TorchGenerator } from './noise.ts'

const goldens = fixtureTensors('noise.safetensors')
const plain = [...goldens].filter(([name]) => /^seed\d+\.[\dx]+$/.test(name))

describe('noise is PyTorch’s, to the bit', () => {
  test('the goldens reach from 5 values to 4096 and up to the last seed', () => {
    expect(plain).toHaveLength(17)
    expect(plain.map(([name]) => name)).toContain('seed18446744073709551615.1x4x4x4')
  })

  test.each(plain)('%s', (name, golden) => {
    const seed = BigInt(/\d+/.exec(name)![0])
    const made = initialNoise(golden.shape, seed)
    recordComparison(
      golden.data,
      golden.data.reduce((most, value, i) => Math.max(most, Math.abs(value - made.data[i]!)), 0),
    )
    expect(made).toEqual(golden)
  })

  test('images of a batch by their number', () => {
    const golden = goldens.get('seed42.batchinds_2_0_2.4x8x8')!
    expect(initialNoise([3, 4, 8, 8], 42n, [2, 0, 2]).data).toEqual(golden.data)
  })

  test('uniform values', () => {
    expect(new TorchGenerator(42n).uniform(64)).toEqual(goldens.get('seed42.rand_uniform.64')!.data)
  })

  test('a generator goes on where it stopped', () => {
    const generator = new TorchGenerator(42n)
    const both = [generator.normal(256), generator.normal(256)]
    const golden = goldens.get('seed42.two_consecutive_randn.1x4x8x8')!.data
    expect(both).toEqual([golden.slice(0, 256), golden.slice(256)])
  })
})
