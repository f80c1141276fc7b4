import { stitch, stitchColors } from '../../image/stitch.ts'
import { choice, defineNode, int, optional, socket, toggle } from '../define.ts'

export const imageStitch = defineNode({
  type: 'ImageStitch',
  title: 'Image Stitch',
  category: 'image/transform',
  about: 'Puts two pictures side by side, or one above the other, with a gap if wanted.',
  aliases: ['join', 'concatenate', 'side by side', 'collage'],
  inputs: {
    image1: socket('IMAGE'),
    direction: choice(['right', 'down', 'left', 'up'], { about: 'Where the second one goes.' }),
    match_image_size: toggle({ default: true, about: 'Resize the second to the first.' }),
    spacing_width: int({ default: 0, min: 0, max: 1024, step: 2 }),
    spacing_color: choice(stitchColors),
    image2: optional(socket('IMAGE')),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image1, image2, direction, match_image_size, spacing_width, spacing_color }) {
    if (!image2) return { IMAGE: image1 }
    const gap = { width: spacing_width, color: spacing_color }
    return { IMAGE: stitch(image1, image2, direction, match_image_size, gap) }
  },
})
