// What CLIP's vision model is fed and says, against ComfyUI 0.3.64.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, onTestFinished, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { readBytes, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { golden, goldens, missing, randomModel, reason } from './fixtures/goldens.ts'
import { modelStore } from './store.ts'
import { visionPixels } from './vision.ts'

const everything = process.env.PARITY === 'all'
const cases = [
  ['small_40x56', 'center'],
  ['small_40x56', 'none'],
  ['big_300x260', 'center'],
  ['big_300x260', 'none'],
] as const

describe.skipIf(missing)(`CLIP vision${reason}`, () => {
  const g = golden('more/clip_vision.safetensors')

  function picture(name: string): Tensor {
    if (name.startsWith('small')) return g(`${name}.image`)
    const file = openSafetensors(resolve(goldens, 'more/clip_vision.safetensors'))
    const found = weight(file, `${name}.image_u8`)
    return tensor(
      found.shape,
      Float32Array.from(readBytes(found), v => v / 255),
    )
  }

  test.each(cases)('sees the picture %s, crop %s', (name, crop) => {
    const pixels = visionPixels(picture(name), 224, crop)
    const piece = tensor([1, 3, 16, 16])
    for (let i = 0; i < piece.data.length; i++) {
      const [channel, row, column] = [i >> 8, (i >> 4) & 15, i & 15]
      piece.data[i] = pixels.data[(channel * 224 + row) * 224 + 100 + column]!
    }
    expectClose(piece, g(`${name}.${crop}.pixels_0_16_x_100_116`), 1e-6)
  })

  test.runIf(everything)('says what it shows', { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-vision-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(join(folder, 'clip_vision'))
    const file = randomModel('more/keys/clip_vision_vitl.json')
    symlinkSync(file, join(folder, 'clip_vision/vit-l.safetensors'))
    const store = modelStore({ modelDirs: [folder] })
    const model = await store.vision('vit-l.safetensors')
    for (const [name, crop] of cases.slice(0, 3)) {
      const { embeds, last, penultimate } = await model.encode(picture(name), crop)
      const at = `${name}.${crop}`
      const bound = 1e-5
      expectClose(embeds!, g(`${at}.image_embeds`), bound)
      expectClose(firstFour(last), g(`${at}.last_hidden_first4`), bound)
      const before = g(`${at}.penultimate_first4`)
      expectClose(firstFour(penultimate), before, bound)
    }
    await store.free()
  })
})

const firstFour = ({ data, shape }: Tensor): Tensor =>
  tensor([1, 4, shape[2]!], data.slice(0, 4 * shape[2]!))
