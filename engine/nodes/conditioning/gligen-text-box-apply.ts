import { boxesMax } from '../../models/gligen.ts'
import { toLatentPixels } from '../../sampling/latents.ts'
import { defineNode, int, socket, text } from '../define.ts'

export const gligenTextBoxApply = defineNode({
  type: 'GLIGENTextBoxApply',
  title: 'GLIGENTextBoxApply',
  category: 'conditioning/gligen',
  about: 'Says what is in a box of the picture. Several boxes can follow one another.',
  aliases: ['layout', 'region'],
  inputs: {
    conditioning_to: socket('CONDITIONING', 'The prompt of the whole picture.'),
    clip: socket('CLIP'),
    gligen_textbox_model: socket('GLIGEN'),
    text: text({ multiline: true, dynamicPrompts: true, about: 'What is in the box.' }),
    width: int({ default: 64, min: 8, max: 16384, step: 8, about: 'In pixels.' }),
    height: int({ default: 64, min: 8, max: 16384, step: 8, about: 'In pixels.' }),
    x: int({ default: 0, min: 0, max: 16384, step: 8, about: 'Left edge in pixels.' }),
    y: int({ default: 0, min: 0, max: 16384, step: 8, about: 'Upper edge in pixels.' }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ conditioning_to, clip, gligen_textbox_model: model, text, ...box }) {
    const { pooled } = await clip.encode(text)
    if (!pooled)
      throw new Error(
        'GLIGEN needs the text encoder of SD 1.x. Connect the CLIP of the checkpoint.',
      )
    const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(toLatentPixels) as [
      number,
      number,
      number,
      number,
    ]
    const own = { pooled, x, y, width, height }
    return {
      CONDITIONING: conditioning_to.map(item => {
        const boxes = [...(item.gligen?.boxes ?? []), own]
        if (boxes.length > boxesMax)
          throw new Error(`GLIGEN places at most ${boxesMax} texts. Remove one of the boxes.`)
        return { ...item, gligen: { model, boxes } }
      }),
    }
  },
})
