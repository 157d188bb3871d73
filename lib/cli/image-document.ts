import type { Image } from '../image/image.ts'
import { withDockerImageTypes } from './docker-types.ts'
import { goMap } from './template/values.ts'

/** Docker's `inspect` document of an image. */
export const imageDocument = (image: Image, storage: ImageStorage) => withDockerImageTypes(facts(image, storage))

export interface ImageStorage {
  driver: string
  /** Folders of the layers, top first. */
  layers: readonly string[]
}

function facts(image: Image, { driver, layers }: ImageStorage) {
  const { configuration } = image
  const config = configuration.config ?? {}
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.repoDigests,
    // podman's name
    Digest: image.manifestDigest,
    Parent: image.parent ?? '',
    Comment: configuration.history?.at(-1)?.comment ?? '',
    Created: configuration.created ?? '',
    DockerVersion: '',
    Author: configuration.author ?? '',
    Config: {
      User: config.User ?? '',
      ExposedPorts: goMap({ ...config.ExposedPorts }, null, 'nat.Port'),
      Env: config.Env ?? null,
      Cmd: config.Cmd ?? null,
      Entrypoint: config.Entrypoint ?? null,
      Volumes: config.Volumes === undefined ? null : goMap({ ...config.Volumes }, null),
      WorkingDir: config.WorkingDir ?? '',
      OnBuild: config.OnBuild ?? null,
      Labels: config.Labels === undefined ? null : goMap({ ...config.Labels }),
      ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
      ...(config.Healthcheck === undefined ? {} : { Healthcheck: config.Healthcheck }),
      ...(config.Shell === undefined ? {} : { Shell: config.Shell }),
    },
    Architecture: configuration.architecture,
    ...(configuration.variant === undefined ? {} : { Variant: configuration.variant }),
    Os: configuration.os,
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: {
      Name: driver,
      Data: goMap({ ...(layers.length > 1 ? { LowerDir: layers.slice(1).join(':') } : {}), ...(layers.length > 0 ? { UpperDir: layers[0]! } : {}) }),
    },
    RootFS: { Type: 'layers', Layers: image.layers },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
    // podman's names
    Labels: goMap({ ...config.Labels }),
    User: config.User ?? '',
    NamesHistory: image.references,
  }
}
