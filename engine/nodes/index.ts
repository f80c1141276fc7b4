// The one list of node types, by category. A node that is not here does not exist.

import { markdownNote } from './annotations/markdown-note.ts'
import { note } from './annotations/note.ts'
import { primitiveNode } from './annotations/primitive-node.ts'
import { reroute } from './annotations/reroute.ts'
import { clipSetLastLayer } from './conditioning/clip-set-last-layer.ts'
import { clipTextEncode } from './conditioning/clip-text-encode.ts'
import { conditioningAverage } from './conditioning/conditioning-average.ts'
import { conditioningCombine } from './conditioning/conditioning-combine.ts'
import { conditioningConcat } from './conditioning/conditioning-concat.ts'
import { conditioningSetArea } from './conditioning/conditioning-set-area.ts'
import { conditioningSetAreaPercentage } from './conditioning/conditioning-set-area-percentage.ts'
import { conditioningSetMask } from './conditioning/conditioning-set-mask.ts'
import { conditioningSetTimestepRange } from './conditioning/conditioning-set-timestep-range.ts'
import { conditioningZeroOut } from './conditioning/conditioning-zero-out.ts'
import type { NodeType } from './define.ts'
import { canny } from './image/canny.ts'
import { emptyImage } from './image/empty-image.ts'
import { getImageSize } from './image/get-image-size.ts'
import { imageAddNoise } from './image/image-add-noise.ts'
import { imageAdjust } from './image/image-adjust.ts'
import { imageBatch } from './image/image-batch.ts'
import { imageBlend } from './image/image-blend.ts'
import { imageBlur } from './image/image-blur.ts'
import { imageCompositeMasked } from './image/image-composite-masked.ts'
import { imageCrop } from './image/image-crop.ts'
import { imageFlip } from './image/image-flip.ts'
import { imageFromBatch } from './image/image-from-batch.ts'
import { imageInvert } from './image/image-invert.ts'
import { imagePadForOutpaint } from './image/image-pad-for-outpaint.ts'
import { imageQuantize } from './image/image-quantize.ts'
import { imageRgbToYuv } from './image/image-rgb-to-yuv.ts'
import { imageRotate } from './image/image-rotate.ts'
import { imageScale } from './image/image-scale.ts'
import { imageScaleBy } from './image/image-scale-by.ts'
import { imageScaleToMaxDimension } from './image/image-scale-to-max-dimension.ts'
import { imageScaleToTotalPixels } from './image/image-scale-to-total-pixels.ts'
import { imageSharpen } from './image/image-sharpen.ts'
import { imageStitch } from './image/image-stitch.ts'
import { imageYuvToRgb } from './image/image-yuv-to-rgb.ts'
import { loadImage } from './image/load-image.ts'
import { loadImageOutput } from './image/load-image-output.ts'
import { morphology } from './image/morphology.ts'
import { previewImage } from './image/preview-image.ts'
import { rebatchImages } from './image/rebatch-images.ts'
import { repeatImageBatch } from './image/repeat-image-batch.ts'
import { resizeAndPadImage } from './image/resize-and-pad-image.ts'
import { saveImage } from './image/save-image.ts'
import { emptyLatentImage } from './latent/empty-latent-image.ts'
import { latentAdd } from './latent/latent-add.ts'
import { latentBatch } from './latent/latent-batch.ts'
import { latentBlend } from './latent/latent-blend.ts'
import { latentComposite } from './latent/latent-composite.ts'
import { latentCompositeMasked } from './latent/latent-composite-masked.ts'
import { latentCrop } from './latent/latent-crop.ts'
import { latentFlip } from './latent/latent-flip.ts'
import { latentFromBatch } from './latent/latent-from-batch.ts'
import { latentInterpolate } from './latent/latent-interpolate.ts'
import { latentMultiply } from './latent/latent-multiply.ts'
import { latentRotate } from './latent/latent-rotate.ts'
import { latentSubtract } from './latent/latent-subtract.ts'
import { latentUpscale } from './latent/latent-upscale.ts'
import { latentUpscaleBy } from './latent/latent-upscale-by.ts'
import { loadLatent } from './latent/load-latent.ts'
import { repeatLatentBatch } from './latent/repeat-latent-batch.ts'
import { saveLatent } from './latent/save-latent.ts'
import { setLatentNoiseMask } from './latent/set-latent-noise-mask.ts'
import { vaeDecode } from './latent/vae-decode.ts'
import { vaeEncode } from './latent/vae-encode.ts'
import { vaeEncodeForInpaint } from './latent/vae-encode-for-inpaint.ts'
import { checkpointLoaderSimple } from './loaders/checkpoint-loader-simple.ts'
import { loraLoader } from './loaders/lora-loader.ts'
import { loraLoaderModelOnly } from './loaders/lora-loader-model-only.ts'
import { upscaleModelLoader } from './loaders/upscale-model-loader.ts'
import { vaeLoader } from './loaders/vae-loader.ts'
import { cropMask } from './mask/crop-mask.ts'
import { featherMask } from './mask/feather-mask.ts'
import { growMask } from './mask/grow-mask.ts'
import { imageColorToMask } from './mask/image-color-to-mask.ts'
import { imageToMask } from './mask/image-to-mask.ts'
import { invertMask } from './mask/invert-mask.ts'
import { joinImageWithAlpha } from './mask/join-image-with-alpha.ts'
import { loadImageMask } from './mask/load-image-mask.ts'
import { maskComposite } from './mask/mask-composite.ts'
import { maskPreview } from './mask/mask-preview.ts'
import { maskToImage } from './mask/mask-to-image.ts'
import { porterDuffImageComposite } from './mask/porter-duff-image-composite.ts'
import { portraitMatte } from './mask/portrait-matte.ts'
import { solidMask } from './mask/solid-mask.ts'
import { splitImageWithAlpha } from './mask/split-image-with-alpha.ts'
import { thresholdMask } from './mask/threshold-mask.ts'
import { caseConverter } from './primitives/case-converter.ts'
import { previewAny } from './primitives/preview-any.ts'
import { primitiveBoolean } from './primitives/primitive-boolean.ts'
import { primitiveFloat } from './primitives/primitive-float.ts'
import { primitiveInt } from './primitives/primitive-int.ts'
import { primitiveString } from './primitives/primitive-string.ts'
import { primitiveStringMultiline } from './primitives/primitive-string-multiline.ts'
import { regexExtract } from './primitives/regex-extract.ts'
import { regexMatch } from './primitives/regex-match.ts'
import { regexReplace } from './primitives/regex-replace.ts'
import { stringCompare } from './primitives/string-compare.ts'
import { stringConcatenate } from './primitives/string-concatenate.ts'
import { stringContains } from './primitives/string-contains.ts'
import { stringLength } from './primitives/string-length.ts'
import { stringReplace } from './primitives/string-replace.ts'
import { stringSubstring } from './primitives/string-substring.ts'
import { stringTrim } from './primitives/string-trim.ts'
import { kSampler } from './sampling/k-sampler.ts'
import { kSamplerAdvanced } from './sampling/k-sampler-advanced.ts'
import { imageUpscaleWithModel } from './upscaling/image-upscale-with-model.ts'

const byCategory: Record<string, readonly NodeType[]> = {
  annotations: [markdownNote, note, primitiveNode, reroute],
  conditioning: [
    clipSetLastLayer,
    clipTextEncode,
    conditioningAverage,
    conditioningCombine,
    conditioningConcat,
    conditioningSetAreaPercentage,
    conditioningSetArea,
    conditioningSetMask,
    conditioningSetTimestepRange,
    conditioningZeroOut,
  ],
  image: [
    canny,
    emptyImage,
    getImageSize,
    imageAddNoise,
    imageAdjust,
    imageBatch,
    imageBlend,
    imageBlur,
    imageCompositeMasked,
    imageCrop,
    imageFlip,
    imageFromBatch,
    imageInvert,
    imagePadForOutpaint,
    imageQuantize,
    imageRgbToYuv,
    imageRotate,
    imageScaleBy,
    imageScaleToMaxDimension,
    imageScaleToTotalPixels,
    imageScale,
    imageSharpen,
    imageStitch,
    imageYuvToRgb,
    loadImageOutput,
    loadImage,
    morphology,
    previewImage,
    rebatchImages,
    repeatImageBatch,
    resizeAndPadImage,
    saveImage,
  ],
  latent: [
    emptyLatentImage,
    latentAdd,
    latentBatch,
    latentBlend,
    latentCompositeMasked,
    latentComposite,
    latentCrop,
    latentFlip,
    latentFromBatch,
    latentInterpolate,
    latentMultiply,
    latentRotate,
    latentSubtract,
    latentUpscaleBy,
    latentUpscale,
    loadLatent,
    repeatLatentBatch,
    saveLatent,
    setLatentNoiseMask,
    vaeDecode,
    vaeEncodeForInpaint,
    vaeEncode,
  ],
  loaders: [checkpointLoaderSimple, loraLoaderModelOnly, loraLoader, upscaleModelLoader, vaeLoader],
  mask: [
    cropMask,
    featherMask,
    growMask,
    imageColorToMask,
    imageToMask,
    invertMask,
    joinImageWithAlpha,
    loadImageMask,
    maskComposite,
    maskPreview,
    maskToImage,
    porterDuffImageComposite,
    portraitMatte,
    solidMask,
    splitImageWithAlpha,
    thresholdMask,
  ],
  primitives: [
    caseConverter,
    previewAny,
    primitiveBoolean,
    primitiveFloat,
    primitiveInt,
    primitiveStringMultiline,
    primitiveString,
    regexExtract,
    regexMatch,
    regexReplace,
    stringCompare,
    stringConcatenate,
    stringContains,
    stringLength,
    stringReplace,
    stringSubstring,
    stringTrim,
  ],
  sampling: [kSamplerAdvanced, kSampler],
  upscaling: [imageUpscaleWithModel],
}

export const allNodes: readonly NodeType[] = Object.values(byCategory).flat()

export const nodeTypes: ReadonlyMap<string, NodeType> = new Map(
  allNodes.map(node => [node.type, node]),
)
