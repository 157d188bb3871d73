import { LichenError } from '../system/errors.ts'

export const canceled = () => new LichenError('the build was canceled', { code: 'BUILD_CANCELED', exitCode: 130 })

export const isCanceled = (error: unknown): boolean => error instanceof LichenError && error.code === 'BUILD_CANCELED'
