module github.com/zibrato/zibrato

go 1.25.0
