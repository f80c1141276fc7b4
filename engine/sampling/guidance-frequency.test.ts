import { describe, expect, test } from 'vitest'
import type { RunContext } from '../nodes/define.ts'
import { freSca } from '../nodes/model-patches/fre-sca.ts'
import { tensor } from '../tensor.ts'
import { prompt, stubModel } from './fixtures/stub-model.ts'
import { lowFrequencies } from './guidance-frequency.ts'
import { cfgGuider } from './guiders.ts'

/** By the definition: every frequency of the plane, with those outside of the box left out. */
function naive(plane: readonly number[], height: number, width: number, cutoff: number): number[] {
  const at = (row: number, column: number) => plane[row * width + column]!
  const out = new Array<number>(plane.length).fill(0)
  const [top, left] = [height >> 1, width >> 1]
  const inside = (place: number, middle: number) =>
    place >= middle - cutoff && place < middle + cutoff
  for (let u = 0; u < height; u++)
    for (let v = 0; v < width; v++) {
      // Frequency 0 lies in the middle.
      if (!inside(u, top) || !inside(v, left)) continue
      const angle = (row: number, column: number) =>
        2 * Math.PI * (((u - top) * row) / height + ((v - left) * column) / width)
      let [real, imaginary] = [0, 0]
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          real += at(row, column) * Math.cos(angle(row, column))
          imaginary -= at(row, column) * Math.sin(angle(row, column))
        }
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          out[row * width + column]! +=
            (real * Math.cos(angle(row, column)) - imaginary * Math.sin(angle(row, column))) /
            (height * width)
    }
  return out
}

const values = Float32Array.from({ length: 42 }, (_, i) => Math.sin(i * 1.7) + (i % 5))

describe('low frequencies', () => {
  test.each([
    [6, 7, 2],
    [7, 6, 1],
    [6, 7, 3],
  ])('of a plane of %d × %d, cut at %d', (height, width, cutoff) => {
    const got = lowFrequencies(values, [1, 1, height, width], cutoff)
    const want = naive([...values], height, width, cutoff)
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(want[i]!, 4)
    })
  })

  test('are all of them beyond the picture’s own', () => {
    lowFrequencies(values, [1, 1, 6, 7], 100).forEach((value, i) => {
      expect(value).toBeCloseTo(values[i]!, 4)
    })
  })
})

test('FreSca scales what guidance adds', async () => {
  const inputs = { model: stubModel(), scale_low: 1, scale_high: 2, freq_cutoff: 2 }
  const { MODEL } = await freSca.run(inputs, {} as RunContext)
  const shape = [1, 1, 6, 7]
  const look = cfgGuider(MODEL, [prompt(1)], [prompt(0)], 3).begin()
  const zeros = new Float32Array(42)
  const refuse = () => Promise.reject(new Error('not asked here'))
  const { denoised } = await look(
    {
      x: tensor(shape),
      sigma: 1,
      sampling: MODEL.sampling,
      askOwn: async () => [values, zeros],
      ask: refuse,
      askWeakened: refuse,
      negative: { attention: () => undefined, ask: refuse },
    },
    false,
  )
  const low = naive([...values], 6, 7, 2)
  denoised.forEach((value, i) => {
    expect(value).toBeCloseTo(3 * (2 * values[i]! - low[i]!), 3)
  })
})
