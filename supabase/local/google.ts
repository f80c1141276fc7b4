// Google on this machine: a real OpenID Connect server, whose next sign-in is whoever one says.
import { OAuth2Server } from 'oauth2-mock-server'

export interface GoogleClaims {
  sub: string
  email: string
  email_verified?: boolean
  name?: string
  picture?: string
}

export interface GoogleDouble {
  /** The issuer. */
  url: string
  clientId: string
  clientSecret: string
  /** Who signs in from now on. */
  nextUser(claims: GoogleClaims): void
  /** The next person presses "Cancel" on Google's page. */
  refuseNext(): void
  stop(): Promise<void>
}

export const somebody: GoogleClaims = {
  sub: '110169484474386276334',
  email: 'gina@gmail.com',
  name: 'Gina',
}

export async function startGoogle(): Promise<GoogleDouble> {
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  const url = `http://127.0.0.1:${server.address().port}`
  server.issuer.url = url
  let user = somebody
  let refuse = false
  server.service.on('beforeTokenSigning', (token: { payload: object }) => {
    Object.assign(token.payload, { email_verified: true, ...user })
  })
  server.service.on('beforeAuthorizeRedirect', ({ url }: { url: URL }) => {
    if (!refuse) return
    refuse = false
    url.searchParams.delete('code')
    url.searchParams.set('error', 'access_denied')
    url.searchParams.set('error_description', 'The user denied access')
  })
  return {
    url,
    clientId: 'comfyrunner.apps.googleusercontent.test',
    clientSecret: 'local-google-secret',
    nextUser(claims) {
      user = claims
    },
    refuseNext() {
      refuse = true
    },
    stop: () => server.stop(),
  }
}
