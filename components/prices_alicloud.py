"""Alibaba Cloud: on-demand prices of the types that our tables have, in yuan as the list has them."""

from components.prices import PriceList

_LIST = (
    "https://github.com/cloudpilot-ai/karpenter-provider-alicloud"
    " pkg/providers/pricing/initial-on-demand-prices.json@de5846d"
)
_DATE = "undated copy of the price API, read 2026-11-21"

LISTS = (
    PriceList(
        region="ap-southeast-1",
        source=_LIST,
        date=_DATE,
        cny=True,
        per_hour={
            "ecs.gn6i-c4g1.xlarge": 8.896,
            "ecs.gn6i-c8g1.2xlarge": 10.55,
            "ecs.gn6i-c16g1.4xlarge": 13.859,
            "ecs.gn6i-c24g1.12xlarge": 34.756,
            "ecs.gn6i-c24g1.24xlarge": 68.656,
            "ecs.gn7i-c8g1.2xlarge": 18.065,
            "ecs.gn7i-c16g1.4xlarge": 19.127,
            "ecs.gn7i-c32g1.8xlarge": 21.253,
            "ecs.gn7i-c32g1.16xlarge": 42.505,
            "ecs.gn7i-c32g1.32xlarge": 85.01,
            "ecs.g7.xlarge": 1.339089,
            "ecs.g7.2xlarge": 2.678177,
            "ecs.g8i.xlarge": 1.339089,
            "ecs.g8i.2xlarge": 2.678177,
        },
    ),
    PriceList(
        region="ap-northeast-1",
        source=_LIST,
        date=_DATE,
        cny=True,
        per_hour={
            "ecs.gn6i-c4g1.xlarge": 8.38,
            "ecs.gn6i-c8g1.2xlarge": 9.98,
            "ecs.gn6i-c16g1.4xlarge": 13.19,
            "ecs.gn6i-c24g1.12xlarge": 32.99,
            "ecs.gn7i-c8g1.2xlarge": 17.973,
            "ecs.gn7i-c16g1.4xlarge": 19.03,
            "ecs.gn7i-c32g1.8xlarge": 21.145,
            "ecs.gn7i-c32g1.16xlarge": 42.29,
            "ecs.gn7i-c32g1.32xlarge": 84.579,
            "ecs.gn7e-c16g1.4xlarge": 37.185,
            "ecs.gn7e-c16g1.8xlarge": 74.369,
            "ecs.gn7e-c16g1.16xlarge": 148.738,
            "ecs.gn7e-c16g1.32xlarge": 297.476,
            "ecs.g7.xlarge": 1.38484,
            "ecs.g7.2xlarge": 2.76879,
            "ecs.g8i.xlarge": 1.556,
            "ecs.g8i.2xlarge": 3.111,
        },
    ),
    PriceList(
        region="eu-central-1",
        source=_LIST,
        date=_DATE,
        cny=True,
        per_hour={
            "ecs.gn7i-c8g1.2xlarge": 18.496462,
            "ecs.gn7i-c16g1.4xlarge": 19.584489,
            "ecs.gn7i-c32g1.8xlarge": 21.760543,
            "ecs.gn7i-c32g1.16xlarge": 43.521087,
            "ecs.gn7i-c32g1.32xlarge": 87.042175,
            "ecs.g7.xlarge": 1.28427,
            "ecs.g7.2xlarge": 2.56854,
        },
    ),
    PriceList(
        region="cn-beijing",
        source=_LIST,
        date=_DATE,
        cny=True,
        per_hour={
            "ecs.gn6v-c8g1.2xlarge": 26.46,
            "ecs.gn6v-c8g1.8xlarge": 105.84,
            "ecs.gn6v-c8g1.16xlarge": 211.68,
            "ecs.gn7i-c8g1.2xlarge": 9.5326,
            "ecs.gn7i-c16g1.4xlarge": 10.0934,
            "ecs.gn7i-2x.8xlarge": 20.1867,
            "ecs.gn7i-4x.8xlarge": 38.1305,
            "ecs.gn7i-4x.16xlarge": 40.3734,
            "ecs.gn7i-8x.16xlarge": 76.2609,
            "ecs.gn7i-8x.32xlarge": 80.7469,
            "ecs.g7.xlarge": 1.0465,
            "ecs.g7.2xlarge": 2.093,
            "ecs.g8i.xlarge": 1.0465,
            "ecs.g8i.2xlarge": 2.093,
        },
    ),
    PriceList(
        region="cn-beijing",
        source="https://developer.aliyun.com/article/1635082, as a third party quotes it",
        date="2024",
        cny=True,
        per_hour={"ecs.gn7e-c16g1.4xlarge": 34.742},
    ),
    PriceList(
        region="cn-hangzhou",
        source=_LIST,
        date=_DATE,
        cny=True,
        per_hour={
            "ecs.gn6e-c12g1.3xlarge": 19.739,
            "ecs.gn6e-c12g1.12xlarge": 78.958,
            "ecs.gn6e-c12g1.24xlarge": 157.916,
            "ecs.g7.xlarge": 1.0465,
            "ecs.g7.2xlarge": 2.093,
            "ecs.g8i.xlarge": 1.0465,
            "ecs.g8i.2xlarge": 2.093,
        },
    ),
)
