# zibrato with the libzmq that it needs, run as a user that owns nothing else. docs/operating.md tells how to use it.
FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libzmq3-dev pkg-config
WORKDIR /src
COPY . .
# What "zibrato version" says; .git is not copied.
ARG VERSION=
ARG COMMIT=
RUN go build -trimpath -ldflags "-s -w -X main.release=$VERSION -X main.commit=$COMMIT" -o /zibrato ./cmd/zibrato

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libzmq5 && rm -rf /var/lib/apt/lists/* \
	&& install -d -o 65532 -g 65532 -m 700 /var/lib/zibrato /var/log/zibrato
COPY --from=build /zibrato /usr/local/bin/zibrato
COPY deploy/zibrato.yaml /etc/zibrato/zibrato.yaml
USER 65532:65532
ENV ZIBRATO_ADMIN=127.0.0.1:9465
# What is written to, so that the rest may be read-only.
VOLUME ["/var/lib/zibrato", "/var/log/zibrato"]
HEALTHCHECK --interval=15s --timeout=4s --start-period=5s CMD ["zibrato", "health"]
ENTRYPOINT ["zibrato"]
CMD ["run", "--config", "/etc/zibrato/zibrato.yaml"]
