# One image for all roles: docker build -t inferq . && docker run inferq api
# The base by tag; a digest makes it the same for ever: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:26.10.0-bookworm-slim

FROM ${NODE_IMAGE} AS source
WORKDIR /image/app
COPY package.json package-lock.json .npmrc ./

# Everything that the build and the demo models need. No package may run a script of its own.
FROM source AS dependencies
RUN npm ci --ignore-scripts --include=dev

FROM dependencies AS build
COPY . .
RUN npm run build

FROM source AS production
RUN npm ci --ignore-scripts --omit=dev

# What goes into the image, with the same times whenever it is built. Folders of the root have theirs only where they are
# copied with their parent.
FROM production AS files
ARG SOURCE_DATE_EPOCH=0
COPY --from=build /image/app/dist dist
COPY docker docker
RUN rm -f package-lock.json .npmrc \
  && mkdir -p /owned/secrets/api /owned/secrets/worker /owned/secrets/redis \
  && find /image /owned -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# Node alone: no npm, no build tools.
FROM ${NODE_IMAGE} AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx \
  /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn*
ENV NODE_ENV=production HOST=0.0.0.0
ENTRYPOINT ["node", "/app/docker/entry.mjs"]
STOPSIGNAL SIGTERM

# The demo models (examples/models), which need packages that the broker does not.
FROM runtime AS demo
WORKDIR /app
COPY --from=dependencies /image/app/node_modules node_modules
COPY package.json ./
COPY examples/models examples/models
USER 10001:10001
EXPOSE 9001
ENTRYPOINT ["node", "/app/examples/models/index.ts"]
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9001/healthz').then((answer) => process.exit(answer.ok ? 0 : 1))"]

FROM runtime AS inferq
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="inferq" \
  org.opencontainers.image.description="The asynchronous inference broker" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
COPY --from=files --chown=10001:10001 /owned /
COPY --from=files /image /
WORKDIR /app
USER 10001:10001
EXPOSE 8080 9464
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 CMD ["node", "/app/docker/entry.mjs", "health"]
CMD ["api"]
