import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { extractWorkflow } from './extract-workflow.ts'
import { encodePng } from './png.ts'

const workflow = '{"nodes":[],"note":"Gr\\u00f6\\u00dfe, a \\"b\\""}'
const prompt = '{"3":{"inputs":{"seed":18446744073709551615},"class_type":"KSampler"}}'
const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: '#336699' } })

describe('the workflow in a picture', () => {
  test('PNG', async () => {
    const data = new Uint8Array(3)
    const png = await encodePng({ data, width: 1, height: 1, channels: 3 }, { prompt, workflow })
    expect(extractWorkflow(png)).toEqual({ prompt, workflow })
  })

  test.for(['webp', 'jpeg'] as const)('%s, in Make and Model', async format => {
    const exif = { IFD0: { Make: `workflow:${workflow}`, Model: `prompt:${prompt}` } }
    const bytes = await picture.clone().withExif(exif).toFormat(format).toBuffer()
    expect(extractWorkflow(bytes)).toEqual({ prompt, workflow })
  })

  test.for(['webp', 'jpeg'] as const)('%s, in UserComment', async format => {
    const exif = { IFD2: { UserComment: `prompt:${prompt}` } }
    const bytes = await picture.clone().withExif(exif).toFormat(format).toBuffer()
    expect(extractWorkflow(bytes)).toEqual({ prompt })
  })

  test('pictures without one, and files that are none, give nothing', async () => {
    expect(extractWorkflow(await picture.clone().jpeg().toBuffer())).toEqual({})
    expect(extractWorkflow(await picture.clone().webp().toBuffer())).toEqual({})
    expect(extractWorkflow(new Uint8Array())).toEqual({})
    expect(extractWorkflow(new TextEncoder().encode('RIFF....WEBP'))).toEqual({})
  })

  test('cut anywhere, and with any byte changed, never throws', async () => {
    const exif = { IFD0: { Make: 'workflow:{}', Model: 'prompt:{}' } }
    for (const format of ['webp', 'jpeg'] as const) {
      const bytes = await picture.clone().withExif(exif).toFormat(format).toBuffer()
      for (let i = 0; i < bytes.length; i++) {
        expect(() => extractWorkflow(bytes.subarray(0, i))).not.toThrow()
        const changed = Uint8Array.from(bytes)
        changed[i] = 0xff
        expect(() => extractWorkflow(changed)).not.toThrow()
      }
    }
  })
})
