// The double of Supabase Auth (GoTrue): what this product uses of it, over the real auth.* tables.
import { Hono } from 'hono'
import { adminRoutes } from './admin.ts'
import { AuthError, authErrorResponse, UnknownToDouble } from './auth-error.ts'
import type { AuthContext } from './context.ts'
import { googleRoutes } from './google-sign-in.ts'
import { signUpRoutes } from './sign-up.ts'
import { tokenRoutes } from './token-route.ts'
import { userRoutes } from './user-routes.ts'
import { verifyRoutes } from './verify.ts'

export function authApp(auth: AuthContext, isSecret: (key: string | undefined) => boolean): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    if (error instanceof AuthError) return authErrorResponse(c, error)
    const words = error instanceof UnknownToDouble ? error.message : `Auth failed: ${error.message}`
    return authErrorResponse(c, new AuthError(500, 'unexpected_failure', words))
  })
  app.get('/health', c =>
    c.json({ name: 'GoTrue', version: 'double', description: "ComfyRunner's double of Auth" }),
  )
  app.get('/settings', c =>
    c.json({
      external: { email: true, google: auth.google !== undefined, phone: false },
      disable_signup: false,
      mailer_autoconfirm: false,
    }),
  )
  app.get('/.well-known/jwks.json', c => c.json({ keys: [auth.keys.jwk] }))
  for (const routes of [signUpRoutes, tokenRoutes, verifyRoutes, userRoutes, googleRoutes])
    app.route('/', routes(auth))
  app.route('/admin', adminRoutes(auth, isSecret))
  app.all('*', c => {
    throw new UnknownToDouble(`${c.req.method} ${c.req.path}`)
  })
  return app
}
