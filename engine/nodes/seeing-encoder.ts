// Text encoders that see: most do not, and a workflow may have connected one of those.

import { ModelError } from '../inference/model-error.ts'
import type { TextEncoderModel } from '../models/kinds.ts'

/** @throws ModelError if the encoder reads text only */
export function seeingEncoder(
  clip: TextEncoderModel,
): NonNullable<TextEncoderModel['encodeSeeing']> {
  if (clip.encodeSeeing) return (text, pictures) => clip.encodeSeeing!(text, pictures)
  throw new ModelError(
    'This text encoder cannot see pictures. Load Qwen2.5-VL with Load CLIP as "qwen_image", such as ' +
      'qwen_2.5_vl_7b_fp8_scaled.safetensors.',
  )
}
