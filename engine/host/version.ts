// The app's own version, and the ComfyUI whose behaviour we answer with.
import packageJson from '../../package.json' with { type: 'json' }

export const VERSION: string = packageJson.version
export const COMFYUI_VERSION = '0.3.64'
