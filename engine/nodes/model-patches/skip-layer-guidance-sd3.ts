import { skipLayers } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket, text } from '../define.ts'
import { blockNumbers, sigmaRange } from '../skipped-blocks.ts'

export const skipLayerGuidanceSd3 = defineNode({
  type: 'SkipLayerGuidanceSD3',
  title: 'SkipLayerGuidanceSD3',
  category: 'advanced/guidance',
  about: 'Better structure from SD 3.5: keeps away from what the model draws without some layers.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    layers: text({ default: '7, 8, 9', about: 'Numbers of the layers that are left out.' }),
    scale: float({ default: 3, min: 0, max: 10, step: 0.1 }),
    start_percent: float({ default: 0.01, min: 0, max: 1, step: 0.001 }),
    end_percent: float({ default: 0.15, min: 0, max: 1, step: 0.001 }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, layers, scale, start_percent, end_percent }) {
    if (!model.skipsBlocks)
      throw new Error(
        'SkipLayerGuidanceSD3 works with SD3 and Flux models only. Remove the node for this model.',
      )
    const blocks = blockNumbers(layers)
    if (blocks.length === 0) return { MODEL: model }
    const range = sigmaRange(model, start_percent, end_percent)
    return { MODEL: withGuidance(model, skipLayers({ without: { blocks }, scale, range })) }
  },
})
