// The app's own version, and the ComfyUI whose behaviour we answer with.
import packageJson from '../../package.json' with { type: 'json' }

export const appVersion: string = packageJson.version
export const comfyuiVersion = '0.3.64'
