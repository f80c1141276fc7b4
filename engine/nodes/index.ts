// The one list of node types, by category. A node that is not here does not exist.

import { markdownNote } from './annotations/markdown-note.ts'
import { note } from './annotations/note.ts'
import { primitiveNode } from './annotations/primitive-node.ts'
import { reroute } from './annotations/reroute.ts'
import { clipAttentionMultiply } from './conditioning/clip-attention-multiply.ts'
import { clipSetLastLayer } from './conditioning/clip-set-last-layer.ts'
import { clipTextEncode } from './conditioning/clip-text-encode.ts'
import { clipTextEncodeControlnet } from './conditioning/clip-text-encode-controlnet.ts'
import { clipTextEncodeFlux } from './conditioning/clip-text-encode-flux.ts'
import { clipTextEncodeLumina2 } from './conditioning/clip-text-encode-lumina2.ts'
import { clipTextEncodeSd3 } from './conditioning/clip-text-encode-sd3.ts'
import { clipTextEncodeSdxl } from './conditioning/clip-text-encode-sdxl.ts'
import { clipTextEncodeSdxlRefiner } from './conditioning/clip-text-encode-sdxl-refiner.ts'
import { clipVisionEncode } from './conditioning/clip-vision-encode.ts'
import { conditioningAverage } from './conditioning/conditioning-average.ts'
import { conditioningCombine } from './conditioning/conditioning-combine.ts'
import { conditioningConcat } from './conditioning/conditioning-concat.ts'
import { conditioningMultiply } from './conditioning/conditioning-multiply.ts'
import { conditioningSetArea } from './conditioning/conditioning-set-area.ts'
import { conditioningSetAreaPercentage } from './conditioning/conditioning-set-area-percentage.ts'
import { conditioningSetAreaPercentageVideo } from './conditioning/conditioning-set-area-percentage-video.ts'
import { conditioningSetAreaStrength } from './conditioning/conditioning-set-area-strength.ts'
import { conditioningSetDefaultCombine } from './conditioning/conditioning-set-default-combine.ts'
import { conditioningSetMask } from './conditioning/conditioning-set-mask.ts'
import { conditioningSetTimestepRange } from './conditioning/conditioning-set-timestep-range.ts'
import { conditioningStableAudio } from './conditioning/conditioning-stable-audio.ts'
import { conditioningZeroOut } from './conditioning/conditioning-zero-out.ts'
import { controlNetApply } from './conditioning/control-net-apply.ts'
import { controlNetApplyAdvanced } from './conditioning/control-net-apply-advanced.ts'
import { controlNetApplySd3 } from './conditioning/control-net-apply-sd3.ts'
import { controlNetInpaintingAliMamaApply } from './conditioning/control-net-inpainting-ali-mama-apply.ts'
import { fluxDisableGuidance } from './conditioning/flux-disable-guidance.ts'
import { fluxGuidance } from './conditioning/flux-guidance.ts'
import { fluxKontextMultiReferenceLatentMethod } from './conditioning/flux-kontext-multi-reference-latent-method.ts'
import { gligenTextBoxApply } from './conditioning/gligen-text-box-apply.ts'
import { inpaintModelConditioning } from './conditioning/inpaint-model-conditioning.ts'
import { instructPixToPixConditioning } from './conditioning/instruct-pix-to-pix-conditioning.ts'
import { pairConditioningSetDefaultCombine } from './conditioning/pair-conditioning-set-default-combine.ts'
import { referenceLatent } from './conditioning/reference-latent.ts'
import { sd4xUpscaleConditioning } from './conditioning/sd-4x-upscale-conditioning.ts'
import { setUnionControlNetType } from './conditioning/set-union-control-net-type.ts'
import { styleModelApply } from './conditioning/style-model-apply.ts'
import { t5TokenizerOptions } from './conditioning/t5-tokenizer-options.ts'
import { textEncodeQwenImageEdit } from './conditioning/text-encode-qwen-image-edit.ts'
import { textEncodeQwenImageEditPlus } from './conditioning/text-encode-qwen-image-edit-plus.ts'
import { unClipConditioning } from './conditioning/un-clip-conditioning.ts'
import type { NodeType } from './define.ts'
import { combineHooks2 } from './hooks/combine-hooks-2.ts'
import { combineHooks4 } from './hooks/combine-hooks-4.ts'
import { combineHooks8 } from './hooks/combine-hooks-8.ts'
import { conditioningSetProperties } from './hooks/conditioning-set-properties.ts'
import { conditioningSetPropertiesAndCombine } from './hooks/conditioning-set-properties-and-combine.ts'
import { conditioningTimestepsRange } from './hooks/conditioning-timesteps-range.ts'
import { createHookKeyframe } from './hooks/create-hook-keyframe.ts'
import { createHookKeyframesFromFloats } from './hooks/create-hook-keyframes-from-floats.ts'
import { createHookKeyframesInterpolated } from './hooks/create-hook-keyframes-interpolated.ts'
import { createHookLora } from './hooks/create-hook-lora.ts'
import { createHookLoraModelOnly } from './hooks/create-hook-lora-model-only.ts'
import { createHookModelAsLora } from './hooks/create-hook-model-as-lora.ts'
import { createHookModelAsLoraModelOnly } from './hooks/create-hook-model-as-lora-model-only.ts'
import { pairConditioningCombine } from './hooks/pair-conditioning-combine.ts'
import { pairConditioningSetProperties } from './hooks/pair-conditioning-set-properties.ts'
import { pairConditioningSetPropertiesAndCombine } from './hooks/pair-conditioning-set-properties-and-combine.ts'
import { setClipHooks } from './hooks/set-clip-hooks.ts'
import { setHookKeyframes } from './hooks/set-hook-keyframes.ts'
import { adjustBrightness } from './image/adjust-brightness.ts'
import { adjustContrast } from './image/adjust-contrast.ts'
import { batchImagesNode } from './image/batch-images-node.ts'
import { canny } from './image/canny.ts'
import { centerCropImages } from './image/center-crop-images.ts'
import { emptyImage } from './image/empty-image.ts'
import { fluxKontextImageScale } from './image/flux-kontext-image-scale.ts'
import { getImageSize } from './image/get-image-size.ts'
import { imageAddNoise } from './image/image-add-noise.ts'
import { imageAdjust } from './image/image-adjust.ts'
import { imageBatch } from './image/image-batch.ts'
import { imageBlend } from './image/image-blend.ts'
import { imageBlur } from './image/image-blur.ts'
import { imageCompare } from './image/image-compare.ts'
import { imageCompositeMasked } from './image/image-composite-masked.ts'
import { imageCrop } from './image/image-crop.ts'
import { imageFlip } from './image/image-flip.ts'
import { imageFromBatch } from './image/image-from-batch.ts'
import { imageGrid } from './image/image-grid.ts'
import { imageInvert } from './image/image-invert.ts'
import { imageMergeTileList } from './image/image-merge-tile-list.ts'
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
import { resizeImageMaskNode } from './image/resize-image-mask-node.ts'
import { resizeImagesByLongerEdge } from './image/resize-images-by-longer-edge.ts'
import { resizeImagesByShorterEdge } from './image/resize-images-by-shorter-edge.ts'
import { resolutionSelector } from './image/resolution-selector.ts'
import { safetyCheck } from './image/safety-check.ts'
import { saveAnimatedPng } from './image/save-animated-png.ts'
import { saveAnimatedWebp } from './image/save-animated-webp.ts'
import { saveImage } from './image/save-image.ts'
import { saveImageAdvanced } from './image/save-image-advanced.ts'
import { saveImageWebsocket } from './image/save-image-websocket.ts'
import { splitImageToTileList } from './image/split-image-to-tile-list.ts'
import { batchLatentsNode } from './latent/batch-latents-node.ts'
import { emptyAceStepLatentAudio } from './latent/empty-ace-step-latent-audio.ts'
import { emptyChromaRadianceLatentImage } from './latent/empty-chroma-radiance-latent-image.ts'
import { emptyCosmosLatentVideo } from './latent/empty-cosmos-latent-video.ts'
import { emptyFlux2LatentImage } from './latent/empty-flux2-latent-image.ts'
import { emptyHunyuanImageLatent } from './latent/empty-hunyuan-image-latent.ts'
import { emptyHunyuanLatentVideo } from './latent/empty-hunyuan-latent-video.ts'
import { emptyLatentAudio } from './latent/empty-latent-audio.ts'
import { emptyLatentHunyuan3dV2 } from './latent/empty-latent-hunyuan3d-v2.ts'
import { emptyLatentImage } from './latent/empty-latent-image.ts'
import { emptyLtxvLatentVideo } from './latent/empty-ltxv-latent-video.ts'
import { emptyMochiLatentVideo } from './latent/empty-mochi-latent-video.ts'
import { emptySd3LatentImage } from './latent/empty-sd3-latent-image.ts'
import { getLatentSize } from './latent/get-latent-size.ts'
import { latentAdd } from './latent/latent-add.ts'
import { latentApplyOperation } from './latent/latent-apply-operation.ts'
import { latentBatch } from './latent/latent-batch.ts'
import { latentBatchSeedBehavior } from './latent/latent-batch-seed-behavior.ts'
import { latentBlend } from './latent/latent-blend.ts'
import { latentComposite } from './latent/latent-composite.ts'
import { latentCompositeMasked } from './latent/latent-composite-masked.ts'
import { latentConcat } from './latent/latent-concat.ts'
import { latentCrop } from './latent/latent-crop.ts'
import { latentCut } from './latent/latent-cut.ts'
import { latentCutToBatch } from './latent/latent-cut-to-batch.ts'
import { latentFlip } from './latent/latent-flip.ts'
import { latentFromBatch } from './latent/latent-from-batch.ts'
import { latentInterpolate } from './latent/latent-interpolate.ts'
import { latentMultiply } from './latent/latent-multiply.ts'
import { latentOperationSharpen } from './latent/latent-operation-sharpen.ts'
import { latentOperationTonemapReinhard } from './latent/latent-operation-tonemap-reinhard.ts'
import { latentRotate } from './latent/latent-rotate.ts'
import { latentSubtract } from './latent/latent-subtract.ts'
import { latentUpscale } from './latent/latent-upscale.ts'
import { latentUpscaleBy } from './latent/latent-upscale-by.ts'
import { loadLatent } from './latent/load-latent.ts'
import { rebatchLatents } from './latent/rebatch-latents.ts'
import { repeatLatentBatch } from './latent/repeat-latent-batch.ts'
import { saveLatent } from './latent/save-latent.ts'
import { setLatentNoiseMask } from './latent/set-latent-noise-mask.ts'
import { stableCascadeEmptyLatentImage } from './latent/stable-cascade-empty-latent-image.ts'
import { trimVideoLatent } from './latent/trim-video-latent.ts'
import { vaeDecode } from './latent/vae-decode.ts'
import { vaeDecodeTiled } from './latent/vae-decode-tiled.ts'
import { vaeEncode } from './latent/vae-encode.ts'
import { vaeEncodeForInpaint } from './latent/vae-encode-for-inpaint.ts'
import { vaeEncodeTiled } from './latent/vae-encode-tiled.ts'
import { checkpointLoader } from './loaders/checkpoint-loader.ts'
import { checkpointLoaderSimple } from './loaders/checkpoint-loader-simple.ts'
import { clipLoader } from './loaders/clip-loader.ts'
import { clipVisionLoader } from './loaders/clip-vision-loader.ts'
import { controlNetLoader } from './loaders/control-net-loader.ts'
import { diffControlNetLoader } from './loaders/diff-control-net-loader.ts'
import { diffusersLoader } from './loaders/diffusers-loader.ts'
import { dualClipLoader } from './loaders/dual-clip-loader.ts'
import { gligenLoader } from './loaders/gligen-loader.ts'
import { hypernetworkLoader } from './loaders/hypernetwork-loader.ts'
import { loadImageSetFromFolder } from './loaders/load-image-set-from-folder.ts'
import { loadImageTextSetFromFolder } from './loaders/load-image-text-set-from-folder.ts'
import { loraLoader } from './loaders/lora-loader.ts'
import { loraLoaderModelOnly } from './loaders/lora-loader-model-only.ts'
import { modelPatchLoader } from './loaders/model-patch-loader.ts'
import { styleModelLoader } from './loaders/style-model-loader.ts'
import { tripleClipLoader } from './loaders/triple-clip-loader.ts'
import { unClipCheckpointLoader } from './loaders/un-clip-checkpoint-loader.ts'
import { unetLoader } from './loaders/unet-loader.ts'
import { upscaleModelLoader } from './loaders/upscale-model-loader.ts'
import { vaeLoader } from './loaders/vae-loader.ts'
import { comfyMathExpression } from './logic/comfy-math-expression.ts'
import { comfyNotNode } from './logic/comfy-not-node.ts'
import { comfySwitchNode } from './logic/comfy-switch-node.ts'
import { createList } from './logic/create-list.ts'
import { customCombo } from './logic/custom-combo.ts'
import { endLoop } from './logic/end-loop.ts'
import { getItemFromList } from './logic/get-item-from-list.ts'
import { loopIteration } from './logic/loop-iteration.ts'
import { loopResult } from './logic/loop-result.ts'
import { loopRounds } from './logic/loop-rounds.ts'
import { startLoop } from './logic/start-loop.ts'
import { batchMasksNode } from './mask/batch-masks-node.ts'
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
import { checkpointSave } from './merging/checkpoint-save.ts'
import { clipMergeAdd } from './merging/clip-merge-add.ts'
import { clipMergeSimple } from './merging/clip-merge-simple.ts'
import { clipMergeSubtract } from './merging/clip-merge-subtract.ts'
import { clipSave } from './merging/clip-save.ts'
import { loraSave } from './merging/lora-save.ts'
import { modelMergeAdd } from './merging/model-merge-add.ts'
import { modelMergeBlocks } from './merging/model-merge-blocks.ts'
import { modelMergeFlux1 } from './merging/model-merge-flux1.ts'
import { modelMergeQwenImage } from './merging/model-merge-qwen-image.ts'
import { modelMergeSd1 } from './merging/model-merge-sd1.ts'
import { modelMergeSd2 } from './merging/model-merge-sd2.ts'
import { modelMergeSd32b } from './merging/model-merge-sd3-2b.ts'
import { modelMergeSd35Large } from './merging/model-merge-sd35-large.ts'
import { modelMergeSdxl } from './merging/model-merge-sdxl.ts'
import { modelMergeSimple } from './merging/model-merge-simple.ts'
import { modelMergeSubtract } from './merging/model-merge-subtract.ts'
import { modelSave } from './merging/model-save.ts'
import { vaeSave } from './merging/vae-save.ts'
import { apg } from './model-patches/apg.ts'
import { cfgNormNode } from './model-patches/cfg-norm.ts'
import { cfgZeroStarNode } from './model-patches/cfg-zero-star.ts'
import { differentialDiffusion } from './model-patches/differential-diffusion.ts'
import { easyCache } from './model-patches/easy-cache.ts'
import { epsilonScalingNode } from './model-patches/epsilon-scaling.ts'
import { freSca } from './model-patches/fre-sca.ts'
import { freeU } from './model-patches/free-u.ts'
import { freeUV2 } from './model-patches/free-u-v2.ts'
import { hyperTile } from './model-patches/hyper-tile.ts'
import { latentApplyOperationCfg } from './model-patches/latent-apply-operation-cfg.ts'
import { lazyCache } from './model-patches/lazy-cache.ts'
import { mahiroNode } from './model-patches/mahiro.ts'
import { modelComputeDtype } from './model-patches/model-compute-dtype.ts'
import { patchModelAddDownscale } from './model-patches/patch-model-add-downscale.ts'
import { perpNegNode } from './model-patches/perp-neg.ts'
import { perturbedAttentionGuidance } from './model-patches/perturbed-attention-guidance.ts'
import { qwenImageDiffsynthControlnet } from './model-patches/qwen-image-diffsynth-controlnet.ts'
import { renormCfgNode } from './model-patches/renorm-cfg.ts'
import { rescaleCfgNode } from './model-patches/rescale-cfg.ts'
import { selfAttentionGuidanceNode } from './model-patches/self-attention-guidance.ts'
import { skipLayerGuidanceDit } from './model-patches/skip-layer-guidance-dit.ts'
import { skipLayerGuidanceDitSimple } from './model-patches/skip-layer-guidance-dit-simple.ts'
import { skipLayerGuidanceSd3 } from './model-patches/skip-layer-guidance-sd3.ts'
import { tcfg } from './model-patches/tcfg.ts'
import { torchCompileModel } from './model-patches/torch-compile-model.ts'
import { unetCrossAttentionMultiply } from './model-patches/unet-cross-attention-multiply.ts'
import { unetSelfAttentionMultiply } from './model-patches/unet-self-attention-multiply.ts'
import { videoLinearCfgGuidance } from './model-patches/video-linear-cfg-guidance.ts'
import { videoTriangleCfgGuidance } from './model-patches/video-triangle-cfg-guidance.ts'
import { caseConverter } from './primitives/case-converter.ts'
import { comfyNumberConvert } from './primitives/comfy-number-convert.ts'
import { jsonExtractString } from './primitives/json-extract-string.ts'
import { previewAny } from './primitives/preview-any.ts'
import { primitiveBoolean } from './primitives/primitive-boolean.ts'
import { primitiveFloat } from './primitives/primitive-float.ts'
import { primitiveInt } from './primitives/primitive-int.ts'
import { primitiveString } from './primitives/primitive-string.ts'
import { primitiveStringMultiline } from './primitives/primitive-string-multiline.ts'
import { regexExtract } from './primitives/regex-extract.ts'
import { regexMatch } from './primitives/regex-match.ts'
import { regexReplace } from './primitives/regex-replace.ts'
import { saveText } from './primitives/save-text.ts'
import { seedNode } from './primitives/seed-node.ts'
import { stringCompare } from './primitives/string-compare.ts'
import { stringConcatenate } from './primitives/string-concatenate.ts'
import { stringContains } from './primitives/string-contains.ts'
import { stringFormat } from './primitives/string-format.ts'
import { stringLength } from './primitives/string-length.ts'
import { stringReplace } from './primitives/string-replace.ts'
import { stringSubstring } from './primitives/string-substring.ts'
import { stringTrim } from './primitives/string-trim.ts'
import { addNoise } from './sampling/add-noise.ts'
import { alignYourStepsScheduler } from './sampling/align-your-steps-scheduler.ts'
import { basicGuider } from './sampling/basic-guider.ts'
import { basicScheduler } from './sampling/basic-scheduler.ts'
import { betaSamplingScheduler } from './sampling/beta-sampling-scheduler.ts'
import { cfgGuider } from './sampling/cfg-guider.ts'
import { disableNoise } from './sampling/disable-noise.ts'
import { dualCfgGuider } from './sampling/dual-cfg-guider.ts'
import { exponentialScheduler } from './sampling/exponential-scheduler.ts'
import { extendIntermediateSigmas } from './sampling/extend-intermediate-sigmas.ts'
import { flipSigmas } from './sampling/flip-sigmas.ts'
import { flux2Scheduler } from './sampling/flux2-scheduler.ts'
import { kSampler } from './sampling/k-sampler.ts'
import { kSamplerAdvanced } from './sampling/k-sampler-advanced.ts'
import { kSamplerSelect } from './sampling/k-sampler-select.ts'
import { karrasScheduler } from './sampling/karras-scheduler.ts'
import { laplaceScheduler } from './sampling/laplace-scheduler.ts'
import { ltxvScheduler } from './sampling/ltxv-scheduler.ts'
import { manualSigmas } from './sampling/manual-sigmas.ts'
import { modelSamplingAuraFlow } from './sampling/model-sampling-aura-flow.ts'
import { modelSamplingContinuousEdm } from './sampling/model-sampling-continuous-edm.ts'
import { modelSamplingContinuousV } from './sampling/model-sampling-continuous-v.ts'
import { modelSamplingDiscrete } from './sampling/model-sampling-discrete.ts'
import { modelSamplingFlux } from './sampling/model-sampling-flux.ts'
import { modelSamplingLtxv } from './sampling/model-sampling-ltxv.ts'
import { modelSamplingSd3 } from './sampling/model-sampling-sd3.ts'
import { perpNegGuider } from './sampling/perp-neg-guider.ts'
import { polyexponentialScheduler } from './sampling/polyexponential-scheduler.ts'
import { randomNoise } from './sampling/random-noise.ts'
import { samplerCustom } from './sampling/sampler-custom.ts'
import { samplerCustomAdvanced } from './sampling/sampler-custom-advanced.ts'
import { samplerDpmAdaptative } from './sampling/sampler-dpm-adaptative.ts'
import { samplerDpmpp2mSde } from './sampling/sampler-dpmpp-2m-sde.ts'
import { samplerDpmpp2sAncestral } from './sampling/sampler-dpmpp-2s-ancestral.ts'
import { samplerDpmpp3mSde } from './sampling/sampler-dpmpp-3m-sde.ts'
import { samplerDpmppSde } from './sampling/sampler-dpmpp-sde.ts'
import { samplerErSde } from './sampling/sampler-er-sde.ts'
import { samplerEulerAncestral } from './sampling/sampler-euler-ancestral.ts'
import { samplerEulerAncestralCfgPp } from './sampling/sampler-euler-ancestral-cfgpp.ts'
import { samplerEulerCfgPp } from './sampling/sampler-euler-cfgpp.ts'
import { samplerLcmUpscale } from './sampling/sampler-lcm-upscale.ts'
import { samplerLms } from './sampling/sampler-lms.ts'
import { samplerSaSolver } from './sampling/sampler-sa-solver.ts'
import { samplingPercentToSigma } from './sampling/sampling-percent-to-sigma.ts'
import { sdTurboScheduler } from './sampling/sd-turbo-scheduler.ts'
import { setFirstSigma } from './sampling/set-first-sigma.ts'
import { splitSigmas } from './sampling/split-sigmas.ts'
import { splitSigmasDenoise } from './sampling/split-sigmas-denoise.ts'
import { vpScheduler } from './sampling/vp-scheduler.ts'
import { imageUpscaleWithModel } from './upscaling/image-upscale-with-model.ts'

const byCategory: Record<string, readonly NodeType[]> = {
  annotations: [markdownNote, note, primitiveNode, reroute],
  conditioning: [
    conditioningStableAudio,
    sd4xUpscaleConditioning,
    clipTextEncodeLumina2,
    conditioningMultiply,
    clipSetLastLayer,
    clipTextEncode,
    clipAttentionMultiply,
    clipTextEncodeControlnet,
    clipTextEncodeFlux,
    t5TokenizerOptions,
    textEncodeQwenImageEdit,
    textEncodeQwenImageEditPlus,
    clipTextEncodeSd3,
    clipTextEncodeSdxl,
    clipTextEncodeSdxlRefiner,
    clipVisionEncode,
    conditioningAverage,
    conditioningCombine,
    conditioningConcat,
    conditioningSetArea,
    conditioningSetAreaPercentage,
    conditioningSetAreaPercentageVideo,
    conditioningSetAreaStrength,
    conditioningSetMask,
    conditioningSetTimestepRange,
    conditioningZeroOut,
    controlNetApply,
    controlNetApplyAdvanced,
    fluxDisableGuidance,
    fluxGuidance,
    fluxKontextMultiReferenceLatentMethod,
    referenceLatent,
    inpaintModelConditioning,
    instructPixToPixConditioning,
    setUnionControlNetType,
    controlNetApplySd3,
    controlNetInpaintingAliMamaApply,
    styleModelApply,
    unClipConditioning,
    gligenTextBoxApply,
    conditioningSetDefaultCombine,
    pairConditioningSetDefaultCombine,
  ],
  hooks: [
    setHookKeyframes,
    setClipHooks,
    pairConditioningSetProperties,
    pairConditioningSetPropertiesAndCombine,
    pairConditioningCombine,
    createHookLora,
    createHookLoraModelOnly,
    createHookModelAsLora,
    createHookModelAsLoraModelOnly,
    createHookKeyframesInterpolated,
    createHookKeyframe,
    createHookKeyframesFromFloats,
    conditioningTimestepsRange,
    conditioningSetProperties,
    conditioningSetPropertiesAndCombine,
    combineHooks8,
    combineHooks4,
    combineHooks2,
  ],
  image: [
    adjustContrast,
    adjustBrightness,
    imageGrid,
    imageMergeTileList,
    splitImageToTileList,
    resizeImagesByShorterEdge,
    resizeImagesByLongerEdge,
    centerCropImages,
    saveImageWebsocket,
    saveImageAdvanced,
    saveAnimatedPng,
    saveAnimatedWebp,
    resolutionSelector,
    batchImagesNode,
    resizeImageMaskNode,
    imageCompare,
    canny,
    emptyImage,
    fluxKontextImageScale,
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
    safetyCheck,
    saveImage,
  ],
  latent: [
    emptyLatentAudio,
    emptyAceStepLatentAudio,
    emptyLatentHunyuan3dV2,
    getLatentSize,
    trimVideoLatent,
    stableCascadeEmptyLatentImage,
    emptyLtxvLatentVideo,
    emptyCosmosLatentVideo,
    emptyMochiLatentVideo,
    emptyHunyuanLatentVideo,
    emptyFlux2LatentImage,
    emptyChromaRadianceLatentImage,
    emptyHunyuanImageLatent,
    latentCutToBatch,
    batchLatentsNode,
    rebatchLatents,
    latentOperationTonemapReinhard,
    latentOperationSharpen,
    latentCut,
    latentConcat,
    latentBatchSeedBehavior,
    latentApplyOperation,
    emptyLatentImage,
    emptySd3LatentImage,
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
    vaeDecodeTiled,
    vaeEncodeForInpaint,
    vaeEncode,
    vaeEncodeTiled,
  ],
  loaders: [
    loadImageSetFromFolder,
    loadImageTextSetFromFolder,
    hypernetworkLoader,
    diffusersLoader,
    checkpointLoader,
    checkpointLoaderSimple,
    clipLoader,
    clipVisionLoader,
    controlNetLoader,
    dualClipLoader,
    loraLoader,
    loraLoaderModelOnly,
    tripleClipLoader,
    unetLoader,
    upscaleModelLoader,
    vaeLoader,
    diffControlNetLoader,
    styleModelLoader,
    unClipCheckpointLoader,
    gligenLoader,
    modelPatchLoader,
  ],
  mask: [
    batchMasksNode,
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
  'model-patches': [
    modelComputeDtype,
    torchCompileModel,
    easyCache,
    lazyCache,
    videoTriangleCfgGuidance,
    videoLinearCfgGuidance,
    skipLayerGuidanceSd3,
    perturbedAttentionGuidance,
    tcfg,
    rescaleCfgNode,
    renormCfgNode,
    perpNegNode,
    mahiroNode,
    latentApplyOperationCfg,
    epsilonScalingNode,
    differentialDiffusion,
    cfgZeroStarNode,
    cfgNormNode,
    apg,
    freeU,
    freeUV2,
    hyperTile,
    patchModelAddDownscale,
    unetCrossAttentionMultiply,
    unetSelfAttentionMultiply,
    qwenImageDiffsynthControlnet,
    selfAttentionGuidanceNode,
    skipLayerGuidanceDit,
    skipLayerGuidanceDitSimple,
    freSca,
  ],
  merging: [
    checkpointSave,
    clipMergeAdd,
    clipMergeSimple,
    clipMergeSubtract,
    clipSave,
    loraSave,
    modelMergeAdd,
    modelMergeBlocks,
    modelMergeFlux1,
    modelMergeQwenImage,
    modelMergeSd1,
    modelMergeSd2,
    modelMergeSd32b,
    modelMergeSd35Large,
    modelMergeSdxl,
    modelMergeSimple,
    modelMergeSubtract,
    modelSave,
    vaeSave,
  ],
  logic: [
    comfyNotNode,
    customCombo,
    getItemFromList,
    createList,
    loopResult,
    loopIteration,
    loopRounds,
    endLoop,
    startLoop,
    comfyMathExpression,
    comfySwitchNode,
  ],
  primitives: [
    saveText,
    seedNode,
    jsonExtractString,
    comfyNumberConvert,
    stringFormat,
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
  sampling: [
    samplerEulerCfgPp,
    samplerLcmUpscale,
    flux2Scheduler,
    ltxvScheduler,
    vpScheduler,
    splitSigmas,
    splitSigmasDenoise,
    setFirstSigma,
    sdTurboScheduler,
    samplingPercentToSigma,
    samplerSaSolver,
    samplerLms,
    samplerEulerAncestral,
    samplerEulerAncestralCfgPp,
    samplerErSde,
    samplerDpmppSde,
    samplerDpmpp3mSde,
    samplerDpmpp2sAncestral,
    samplerDpmpp2mSde,
    samplerDpmAdaptative,
    samplerCustom,
    samplerCustomAdvanced,
    randomNoise,
    polyexponentialScheduler,
    perpNegGuider,
    modelSamplingContinuousV,
    modelSamplingContinuousEdm,
    manualSigmas,
    laplaceScheduler,
    karrasScheduler,
    kSamplerSelect,
    flipSigmas,
    extendIntermediateSigmas,
    exponentialScheduler,
    dualCfgGuider,
    disableNoise,
    cfgGuider,
    betaSamplingScheduler,
    basicScheduler,
    basicGuider,
    alignYourStepsScheduler,
    addNoise,
    modelSamplingAuraFlow,
    modelSamplingFlux,
    modelSamplingLtxv,
    modelSamplingSd3,
    modelSamplingDiscrete,
    kSamplerAdvanced,
    kSampler,
  ],
  upscaling: [imageUpscaleWithModel],
}

export const allNodes: readonly NodeType[] = Object.values(byCategory).flat()

export const nodeTypes: ReadonlyMap<string, NodeType> = new Map(
  allNodes.map(node => [node.type, node]),
)
