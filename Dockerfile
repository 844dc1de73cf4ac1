# docker build -t groxy .
# docker run -p 127.0.0.1:8000:8000 -v groxy:/data groxy        with -e WORKERS=auto one process a core

# Built here, whatever machine it is for: `docker build --platform linux/arm64` emulates nothing.
FROM --platform=$BUILDPLATFORM node:20-slim AS build
ARG TARGETARCH
WORKDIR /app
# One of the packages reports installations unless it is told not to.
ENV SCARF_ANALYTICS=false
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY . .
# A new volume takes its owner from the folder in the image, and there is no shell to make one later.
RUN npm run build -- --target "linux-$(echo "$TARGETARCH" | sed s/amd64/x64/)" && mkdir /tmp/data

# The program needs glibc, and the certificates to speak TLS; there is nothing else, not even a shell.
FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /app/dist/groxy /groxy
COPY --from=build --chown=nonroot:nonroot /tmp/data /data
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=file:/data/groxy.db \
    GROXY_SNAPSHOT=/data/groxy.snapshot \
    BUN_CONFIG_MAX_HTTP_REQUESTS=20000
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/groxy", "health"]
ENTRYPOINT ["/groxy"]
